package safefile

import "io/fs"

// readDirectory has nothing to look at: Windows lets every user make directories
// at the top of a drive, and the profiles of users are their own.
func readDirectory(string) (directory, error) { return directory{}, fs.ErrNotExist }
