package safefile

import (
	"errors"
	"io"
	"os"
)

// An InPlace is a file that is open to be overwritten where it is, so that a
// write needs no space that is not there already. A loss of power in the middle
// of a write leaves any mixture of old and new sectors: the content must show
// what is whole. It belongs to one goroutine. Errors are those of [Dir].
type InPlace struct {
	f    *os.File
	path string
}

// Open opens the file to be overwritten in place, and makes it empty if it is
// absent. Its name and its directory survive a loss of power from then on. It
// does not open what [Dir.Read] refuses. The caller calls Close.
func (d Dir) Open(file string) (*InPlace, error) {
	f := &InPlace{path: d.Path(file)}
	err := d.retryCreate(func() (err error) {
		if err = d.create(file); err == nil {
			f.f, err = openFile(f.path, os.O_RDWR)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{d.Path(""), d.Root} {
		if err := syncDir(dir); err != nil {
			return nil, errors.Join(wrapError("sync", dir, err), f.Close())
		}
	}
	return f, nil
}

// Size returns how many bytes the file has.
func (f *InPlace) Size() (int64, error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, wrapError("open", f.path, err)
	}
	return info.Size(), nil
}

// ReadAt fills b from the offset on and returns how many bytes there were.
func (f *InPlace) ReadAt(b []byte, offset int64) (int, error) {
	n, err := f.f.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, wrapError("read", f.path, err)
}

// WriteAt overwrites what is at the offset and returns how many bytes were
// written. What lies behind the end makes the file longer. It may be lost until
// it is synced.
func (f *InPlace) WriteAt(b []byte, offset int64) (int, error) {
	n, err := f.f.WriteAt(b, offset)
	return n, wrapError("write", f.path, err)
}

// Sync makes all that was written last.
func (f *InPlace) Sync() error { return wrapError("sync", f.path, f.f.Sync()) }

// SyncData does what [InPlace.Sync] does, without the times of the file where
// the system can leave them out.
func (f *InPlace) SyncData() error { return wrapError("sync", f.path, syncData(f.f)) }

// Close closes the file. It syncs nothing.
func (f *InPlace) Close() error { return wrapError("close", f.path, f.f.Close()) }
