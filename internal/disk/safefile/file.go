package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// Read returns the content of the file, which the caller owns. A file of more than limit bytes is
// ErrCorrupt, an absent one ErrNotFound. It creates nothing.
func (d Dir) Read(file string, limit int64) ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	return readFile(d.Path(file), limit)
}

// Write replaces or creates the file atomically: a reader, and the system after a power loss, sees
// the old content or the new one. A failed Write keeps the old content. It does not replace what
// [Dir.Read] refuses. ErrUnknown: the file was replaced and may not survive a power loss.
func (d Dir) Write(file string, content []byte) error {
	path := d.Path(file)
	if err := d.checkReplaceable(file); err != nil {
		return err
	}
	temp, err := d.createTemp(file)
	if err != nil {
		return err
	}
	err = fill(temp, content)
	if err == nil {
		err = sharing.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(wrapError("write", path, err), ignoreAbsent(sharing.Remove(temp.Name())))
	}
	if err := syncDir(d.Path("")); err != nil {
		//nolint:errorlint // errors of other packages are not wrapped
		return fmt.Errorf("write %s: the directory could not be synced (%v): %w", path, err, helper.ErrUnknown)
	}
	return nil
}

// Rename gives the file another name, atomically and synced to disk. The other name must be free;
// only a lock of the caller can ensure that. ErrNotFound: the file does not exist. ErrUnknown is as
// for Write.
func (d Dir) Rename(file, other string) error {
	if err := d.Check(); err != nil {
		return err
	}
	if err := d.checkFile(file); err != nil {
		return err
	}
	if err := sharing.Rename(d.Path(file), d.Path(other)); err != nil {
		return wrapError("rename", d.Path(file), err)
	}
	if err := syncDir(d.Path("")); err != nil {
		//nolint:errorlint // errors of other packages are not wrapped
		return fmt.Errorf("rename %s: the directory could not be synced (%v): %w", d.Path(file), err, helper.ErrUnknown)
	}
	return nil
}

// Create creates an empty file, or checks the existing one.
func (d Dir) Create(file string) error {
	return d.retryCreate(func() error { return d.create(file) })
}

func (d Dir) create(file string) error {
	f, err := os.OpenFile(d.Path(file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return d.checkFile(file)
	}
	if err == nil {
		err = errors.Join(chmod(f), f.Close())
	}
	return wrapError("make", d.Path(file), err)
}

// Remove deletes the file and what an interrupted [Dir.Write] of it left, so no Write of the same
// file may be running. ErrNotFound: the file does not exist.
func (d Dir) Remove(file string) error {
	if err := d.Check(); err != nil {
		return err
	}
	temps, err := d.Temps(file)
	if err != nil {
		return err
	}
	for _, temp := range temps {
		if err := ignoreAbsent(sharing.Remove(d.Path(temp))); err != nil {
			return wrapError("remove", d.Path(temp), err)
		}
	}
	if err := sharing.Remove(d.Path(file)); err != nil {
		return wrapError("remove", d.Path(file), err)
	}
	if err := ignoreAbsent(syncDir(d.Path(""))); err != nil {
		//nolint:errorlint // errors of other packages are not wrapped
		return fmt.Errorf("remove %s: the directory could not be synced (%v): %w", d.Path(file), err, helper.ErrUnknown)
	}
	return nil
}

// Temps returns the names of the temporary files of running and interrupted writes of the file.
func (d Dir) Temps(file string) ([]string, error) {
	names, err := d.names()
	if errors.Is(err, helper.ErrNotFound) {
		return nil, nil
	}
	var temps []string
	for _, name := range names {
		middle, ok := strings.CutPrefix(name, "."+file+".")
		random, isTemp := strings.CutSuffix(middle, tempSuffix)
		if ok && isTemp && strings.Trim(random, "0123456789") == "" {
			temps = append(temps, name)
		}
	}
	return temps, err
}

const tempSuffix = ".tmp"

func (d Dir) createTemp(file string) (temp *os.File, err error) {
	err = d.retryCreate(func() error {
		temp, err = os.CreateTemp(d.Path(""), "."+file+".*"+tempSuffix) //nolint:forbidigo // in a directory of this program
		return wrapError("make a temporary file in", d.Path(""), err)
	})
	return temp, err
}

// maxTries is how often a directory is made again that another process removes because it is empty.
const maxTries = 100

// retryCreate makes the directory and calls create, and repeats both while another process that
// erases everything removes the directory. If the directory may not be made, its absence is the
// error.
func (d Dir) retryCreate(create func() error) error {
	for range maxTries {
		err := d.Make()
		if errors.Is(err, helper.ErrNotFound) && d.Makes != MakesAll {
			return err
		}
		if err == nil {
			err = create()
		}
		if !errors.Is(err, helper.ErrNotFound) {
			return err
		}
	}
	return fmt.Errorf("make a file in %s: it is being removed: %w", d.Path(""), helper.ErrBusy)
}

// CheckFile refuses an unsafe file, as [Dir.Check] does its directory and root. It creates and
// opens nothing; an absent file is ErrNotFound.
func (d Dir) CheckFile(file string) error {
	if err := d.Check(); err != nil {
		return err
	}
	return d.checkFile(file)
}

// checkReplaceable refuses to replace an unsafe file; an absent one is accepted.
func (d Dir) checkReplaceable(file string) error {
	err := d.CheckFile(file)
	if errors.Is(err, helper.ErrNotFound) {
		return nil
	}
	return err
}

func (d Dir) checkFile(file string) error {
	n, err := lstat(d.Path(file))
	if err != nil {
		return wrapError("open", d.Path(file), err)
	}
	return n.checkFile(d.Path(file))
}

// fill writes the content, syncs it to disk and closes the file.
func fill(f *os.File, content []byte) error {
	err := chmod(f)
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// ignoreAbsent returns nil for the error of an absent file.
func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func tooLong(path string, limit int64) error {
	return fmt.Errorf("read %s: the file is %w: it has more than %d bytes", path, helper.ErrCorrupt, limit)
}
