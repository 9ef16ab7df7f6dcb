package safefile

import (
	"errors"
	"os"
)

// Append adds the text at the end of the file, which it makes if it is absent, in
// one write: what several processes append at once is not mixed. It returns how
// many bytes the file has then. It does not append to what [Dir.Read] refuses, and
// syncs nothing.
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
