package safefile

import (
	"errors"
	"io"
	"os"
)

// An InPlace is a file that is overwritten in place, so that a write into existing space cannot
// fail on a full disk. A power loss during a write leaves any mixture of old and new sectors: the
// content must show which part is complete. It is not safe for concurrent use. Errors are those of
// [Dir].
type InPlace struct {
	f    *os.File
	path string
}

// Open opens the file for overwriting, and creates it empty if it is absent. Its name and its
// directory then survive a power loss. It does not open what [Dir.Read] refuses. The caller calls
// Close.
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

// Size returns the size of the file in bytes.
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

// WriteAt overwrites the bytes at the offset and returns how many were written. A write past the
// end extends the file. A power loss may undo it until Sync.
func (f *InPlace) WriteAt(b []byte, offset int64) (int, error) {
	n, err := f.f.WriteAt(b, offset)
	return n, wrapError("write", f.path, err)
}

// Sync syncs all writes to disk.
func (f *InPlace) Sync() error { return wrapError("sync", f.path, f.f.Sync()) }

// SyncData is [InPlace.Sync] without the times of the file, on systems that can leave them out.
func (f *InPlace) SyncData() error { return wrapError("sync", f.path, syncData(f.f)) }

// Close closes the file. It does not sync.
func (f *InPlace) Close() error { return wrapError("close", f.path, f.f.Close()) }
