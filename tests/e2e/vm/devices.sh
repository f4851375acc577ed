# The same with the unified hierarchy alone, in a kernel that certainly has the programs for it.
. /lab/hostile/devices.sh
