package hostid

import (
	"errors"
	"io/fs"
	"os"
)

// files are where an id may be, in the order of their worth.
type files struct{ paths []string }

// read returns the first id. A file that is there and cannot be read is an
// error, lest the answer change with who asks.
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
