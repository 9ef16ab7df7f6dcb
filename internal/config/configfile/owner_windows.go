package configfile

import "io/fs"

// isForeign returns false: on Windows files inherit their permissions.
func isForeign(fs.FileInfo) bool { return false }
