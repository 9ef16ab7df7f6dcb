//go:build unix

package sharing

import "os"

// Rename gives the file another name and replaces an existing file.
func Rename(from, to string) error { return os.Rename(from, to) }

// Remove deletes the file.
func Remove(path string) error { return os.Remove(path) }
