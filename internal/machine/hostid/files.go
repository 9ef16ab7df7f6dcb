package hostid

import (
	"errors"
	"io/fs"
	"os"
)

// files are the paths that may hold an id, the best one first.
type files struct{ paths []string }

// read returns the first id. A file that exists and cannot be read is an error, because the result
// must not depend on the user.
func (f files) read() (machineID, error) {
	for _, path := range f.paths {
		content, err := os.ReadFile(path) //nolint:gosec // constants outside tests
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if own := parse(string(content)); own != nil {
			return own, nil
		}
	}
	return nil, nil
}
