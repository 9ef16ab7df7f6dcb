package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// anyFolder is the path element that matches any one folder.
const anyFolder = "*"

// foldersBelow returns the folders below base that match the path, which has
// slashes. base is not a pattern: the name of a home directory may have any
// character. The error names the folders that could not be listed; an absent
// folder is no error.
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

// subfolders returns the folders in a folder, including links to folders.
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
