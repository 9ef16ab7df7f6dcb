package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// anyFolder is the element of a folder's path that is any one folder.
const anyFolder = "*"

// foldersBelow returns the folders below base that the path names, with slashes.
// Base is never taken for a pattern: a home may have any character in its name. The
// error names what could not be listed; what is absent is no error.
func foldersBelow(base, path string) (folders []string, err error) {
	folders = []string{base}
	for step := range strings.SplitSeq(path, "/") {
		var next []string
		for _, folder := range folders {
			if step != anyFolder {
				next = append(next, filepath.Join(folder, step))
				continue
			}
			inside, failed := subfolders(folder)
			next, err = append(next, inside...), errors.Join(err, failed)
		}
		folders = next
	}
	return folders, err
}

// subfolders returns the folders in a folder, links to folders among them.
func subfolders(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var list []string
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			list = append(list, path)
		}
	}
	return list, err
}
