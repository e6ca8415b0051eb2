hl () 
{ 
    ce | grep -aE '48;5;23m' | sed 's/\x1b\[[0-9;]*m//g' | cut -c1-100
}
