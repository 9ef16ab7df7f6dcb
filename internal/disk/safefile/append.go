package safefile

import (
	"errors"
	"os"
)

// Append appends the text to the file in one write, so that concurrent appends do not mix. It
// creates the file if needed and returns its new size in bytes. It does not append to a file that
// [Dir.Read] refuses, and does not sync.
func (d Dir) Append(file string, text []byte) (size int64, err error) {
	var f *os.File
	err = d.retryCreate(func() (err error) {
		if err = d.create(file); err == nil {
			f, err = openFile(d.Path(file), os.O_WRONLY|os.O_APPEND)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	err = appendTo(f, text)
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			size = info.Size()
		}
	}
	return size, errors.Join(wrapError("write", d.Path(file), err), wrapError("close", d.Path(file), f.Close()))
}
