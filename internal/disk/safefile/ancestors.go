package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// CheckAncestors returns a [helper.UnsafeError] that names the first directory above path in which
// another user could rename or replace something. Its rule is that of StrictModes in sshd(8), up to
// the root directory: each directory belongs to root or to the effective user, and neither its
// group nor others can write to it. A group without other members counts as its user. A sticky
// directory such as /tmp is accepted, because other users cannot rename files in it.
//
// Symbolic links are followed, and the directories that contain them are checked too. Directories
// that do not exist are accepted. On Windows nothing is checked.
func CheckAncestors(path string) error {
	return walkAncestors(path, func(dir string, d directory) error { return d.check(dir, true) })
}

// CheckSheltered is [CheckAncestors] without the exception for sticky directories. Programs that
// search the directories above their working directory for configuration would find there what any
// user left.
func CheckSheltered(path string) error {
	return walkAncestors(path, func(dir string, d directory) error { return d.check(dir, false) })
}

// A directory holds what is checked of an ancestor.
type directory struct {
	mode fs.FileMode
	uid  int
	link string // the target, if it is a symbolic link
	// exclusive reports whether its group has no other user and no access list extends it.
	exclusive bool
}

func (d directory) check(path string, sticky bool) error {
	byGroup := d.mode&0o020 != 0 && !d.exclusive
	byOthers := d.mode&0o002 != 0
	switch {
	case d.uid != 0 && d.uid != euid():
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("belongs to another user (uid %d, you are %d), who can replace what is in it", d.uid, euid()),
			Fix:     "set CODEX_CRED_HOME to a directory in one that belongs to you",
		}
	case d.link != "", !byGroup && !byOthers, sticky && d.mode&fs.ModeSticky != 0:
		return nil
	case d.mode&fs.ModeSticky != 0:
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("is a directory in which other users can put files (its mode is %04o)", octal(d.mode)),
			Fix:     "set CODEX_CRED_HOME to a directory in your home",
		}
	}
	sudo := ""
	if d.uid != euid() {
		sudo = "sudo "
	}
	return &helper.UnsafeError{
		Path:    path,
		Problem: fmt.Sprintf("is a directory in which other users can replace files (its mode is %04o)", octal(d.mode)),
		Fix:     "run: " + sudo + "chmod go-w " + quote(path),
	}
}

// octal returns the permissions as chmod accepts them, with the sticky bit.
func octal(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// maxLinks is the number of symbolic links that the kernel follows, too.
const maxLinks = 40

// walkAncestors calls look for every directory and link on the way to path, from the root
// downwards, but not for path itself.
func walkAncestors(path string, look func(dir string, d directory) error) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("check the directories above %q: it is a relative path: %w", path, helper.ErrInvalid)
	}
	at, rest, links := rootOf(path), stepsOf(path), 0
	for {
		d, err := readDirectory(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			err = look(at, d)
		} else {
			err = wrapError("open", at, err)
		}
		if err != nil {
			return err
		}
		if d.link != "" {
			if links++; links > maxLinks {
				return fmt.Errorf("open %s: too many symbolic links: %w", path, helper.ErrUnavailable)
			}
			at, rest = filepath.Dir(at), append(stepsOf(d.link), rest...)
			if filepath.IsAbs(d.link) {
				at = rootOf(d.link)
			}
		}
		if len(rest) < 2 { // the last one is path itself
			return nil
		}
		at, rest = filepath.Join(at, rest[0]), rest[1:]
	}
}

func rootOf(path string) string { return filepath.VolumeName(path) + string(os.PathSeparator) }

// stepsOf returns the elements of the path without its root, including "..".
func stepsOf(path string) []string {
	isSeparator := func(r rune) bool { return r == os.PathSeparator || r == '/' }
	return strings.FieldsFunc(path[len(filepath.VolumeName(path)):], isSeparator)
}
