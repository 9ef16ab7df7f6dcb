package accountdir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/codex-cred/codex-cred/helper"
)

// defaultFile holds the name of the default account and a newline.
const defaultFile = ".default"

// maxDefault is larger than the longest name in bytes.
const maxDefault = 256

// Default returns the account that [Dir.SetDefault] chose, else [helper.DefaultAccount]. It creates
// nothing. ErrCorrupt: the file holds no valid name.
func (d *Dir) Default() (string, error) {
	content, err := d.dir.Read(defaultFile, maxDefault)
	if errors.Is(err, helper.ErrNotFound) {
		return helper.DefaultAccount, nil
	}
	if err != nil {
		return "", err
	}
	name := string(bytes.TrimSuffix(content, []byte("\n")))
	if helper.CheckName(name) != nil {
		return "", fmt.Errorf("read %s: the choice of the default account is %w: it is no account name",
			d.DefaultPath(), helper.ErrCorrupt)
	}
	return name, nil
}

// SetDefault chooses the default account. The account need not exist.
func (d *Dir) SetDefault(name string) error {
	if err := helper.CheckName(name); err != nil {
		return err
	}
	if name == helper.DefaultAccount && !d.HasDefault() {
		return nil
	}
	making := d.creating()
	return making.withLock(func() error { return making.choose(name) })
}

// choose writes the choice to its file, or removes the file if the choice is the same without it.
func (d *Dir) choose(name string) error {
	if name != helper.DefaultAccount {
		return d.dir.Write(defaultFile, []byte(name+"\n"))
	}
	if err := d.dir.Remove(defaultFile); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil
}

// HasDefault reports whether a default account was chosen.
func (d *Dir) HasDefault() bool {
	_, err := os.Lstat(d.DefaultPath())
	return !errors.Is(err, fs.ErrNotExist)
}

// RemoveDefault removes the choice, or returns ErrNotFound.
func (d *Dir) RemoveDefault() error {
	if !d.HasDefault() {
		return helper.ErrNotFound
	}
	return d.withLock(func() error { return d.dir.Remove(defaultFile) })
}

// DefaultPath returns the path of the file with the choice.
func (d *Dir) DefaultPath() string { return d.dir.Path(defaultFile) }
