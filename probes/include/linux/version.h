/* BCC's own headers ask for a version; nothing of montauk's depends on it. */
#define LINUX_VERSION_CODE 395808
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
