//go:build unix

package sharing

import "os"

// Rename gives the file another name, in the place of a file that has it.
func Rename(from, to string) error { return os.Rename(from, to) }

// Remove deletes the file.
func Remove(path string) error { return os.Remove(path) }
