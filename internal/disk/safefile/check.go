package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
	// others are the permissions of everyone but the owner.
	others fs.FileMode = 0o077
)

// A node holds what is checked of a file or directory.
type node struct {
	mode fs.FileMode // kind and permissions
	uid  int         // owner; noOwner on systems without owners
	size int64       // bytes
	// others is the other user that its access list admits, on Windows.
	others string
}

const noOwner = -1

func (n node) checkDir(path string) error {
	if n.mode.Type() == fs.ModeSymlink {
		return &helper.UnsafeError{
			Path:    path,
			Problem: "is a symbolic link",
			Fix: "put the directory that it leads to in its place, " +
				"or set CODEX_CRED_HOME to the path of the real directory",
		}
	}
	if !n.mode.IsDir() {
		return &helper.UnsafeError{Path: path, Problem: "is not a directory", Fix: moveFix(path)}
	}
	return n.checkAccess(path, dirMode)
}

func (n node) checkFile(path string) error {
	if n.mode.Type() == fs.ModeSymlink {
		return linkedFile(path)
	}
	if !n.mode.IsRegular() {
		return &helper.UnsafeError{Path: path, Problem: "is not a regular file", Fix: moveFix(path)}
	}
	return n.checkAccess(path, fileMode)
}

func linkedFile(path string) error {
	return &helper.UnsafeError{
		Path: path, Problem: "is a symbolic link", Fix: "put the file that it leads to in its place",
	}
}

// checkAccess refuses another owner and open permissions. mode is the expected one.
func (n node) checkAccess(path string, mode fs.FileMode) error {
	if n.isForeign() {
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("belongs to another user (uid %d, you are %d)", n.uid, euid()),
			Fix:     ownerFix(path),
		}
	}
	if n.isOpen() {
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("is open to other users (%s)", n.accessProblem()),
			Fix:     n.accessFix(path, mode),
		}
	}
	return nil
}

func (n node) isForeign() bool { return n.uid != noOwner && n.uid != euid() }

func (n node) isOpen() bool { return n.others != "" || n.uid != noOwner && n.mode&others != 0 }

// accessProblem describes what admits other users.
func (n node) accessProblem() string {
	if n.others != "" {
		return "its owner or access list lets in " + n.others
	}
	return fmt.Sprintf("its mode is %04o", n.mode.Perm())
}

// accessFix describes how to exclude them.
func (n node) accessFix(path string, mode fs.FileMode) string {
	if n.others != "" {
		return fmt.Sprintf(`run: icacls "%s" /inheritance:d /remove:g *%s`, path, n.others)
	}
	return fmt.Sprintf("run: chmod %o %s", mode, quote(path))
}

func moveFix(path string) string { return "move it away: mv " + quote(path) + " " + quote(path+".old") }

func ownerFix(path string) string {
	if euid() == 0 {
		return "run it as that user, without sudo"
	}
	return fmt.Sprintf("take it back: sudo chown -R %d %s", euid(), quote(path))
}

// CheckRoot refuses a root under which a program must not write: a relative or unsafe one, and one
// that it would make in another user's directory. It creates nothing; an absent root is accepted.
//
// Under sudo HOME is often still the home of the person that typed it, and everything written there
// would belong to root. So the root, or its nearest existing parent while it is absent, must belong
// to the effective user. A program that runs with another user's rights (uid differs from euid), or
// another group's, is refused for any root.
func CheckRoot(root string) error {
	if !filepath.IsAbs(root) {
		return fmt.Errorf("the directory for codex-cred's files, %q, is %w: it is a relative path; "+
			"set CODEX_CRED_HOME to an absolute one", root, helper.ErrInvalid)
	}
	if err := checkUser(root, uid(), euid()); err != nil {
		return err
	}
	if err := checkGroup(root); err != nil {
		return err
	}
	err := checkDir(root)
	if !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return checkParent(filepath.Dir(root))
}

func checkUser(root string, uid, euid int) error {
	if uid == euid {
		return nil
	}
	return &helper.UnsafeError{
		Path: root,
		Problem: fmt.Sprintf("is not touched by a program that runs with another user's rights "+
			"(uid %d, effective uid %d)", uid, euid),
		Fix: "run codex-cred as one user: it must not be set-user-ID",
	}
}

// checkGroup refuses a program that runs with another group's rights.
func checkGroup(root string) error {
	gid, egid := groupIDs()
	if gid == egid {
		return nil
	}
	return &helper.UnsafeError{
		Path: root,
		Problem: fmt.Sprintf("is not touched by a program that runs with another group's rights "+
			"(gid %d, effective gid %d)", gid, egid),
		Fix: "run codex-cred as one group: it must not be set-group-ID",
	}
}

// checkParent checks the owner of the nearest existing directory.
func checkParent(path string) error {
	n, err := stat(path)
	if errors.Is(err, fs.ErrNotExist) && path != filepath.Dir(path) {
		return checkParent(filepath.Dir(path))
	}
	if err != nil {
		return wrapError("open", path, err)
	}
	if n.isForeign() {
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("belongs to another user (uid %d, you are %d), so nothing is made in it", n.uid, euid()),
			Fix:     "run it without sudo, or set CODEX_CRED_HOME to a directory of your own that exists",
		}
	}
	return nil
}

// wrapError wraps an error on a path in helper's errors; nil stays nil.
func wrapError(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	if cause := syscall.Errno(0); errors.As(err, &cause) && !errors.Is(kind, helper.ErrNotFound) {
		//nolint:errorlint // errors of other packages are not wrapped
		return fmt.Errorf("%s %s: %w: %v", doing, path, kind, cause)
	}
	return &pathError{doing, path, kind}
}

// A pathError is an error with an action and a path. It formats its text when it is read: the
// absence of a file is often not reported.
type pathError struct {
	doing, path string
	kind        error
}

func (e *pathError) Error() string { return e.doing + " " + e.path + ": " + e.kind.Error() }

func (e *pathError) Unwrap() error { return e.kind }

func kindOf(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return helper.ErrNotFound
	case isFull(err):
		return helper.ErrFull
	}
	return helper.ErrUnavailable
}

// quote returns the path quoted for a shell.
func quote(path string) string {
	special := func(r rune) bool {
		return !strings.ContainsRune("/._-+@%:,=", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if !strings.ContainsFunc(path, special) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
