/* Empty: BCC includes it, and brings what it holds itself. */
