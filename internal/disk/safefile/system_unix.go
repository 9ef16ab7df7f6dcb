//go:build unix

package safefile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func uid() int { return os.Getuid() }

func euid() int { return os.Geteuid() }

func lstat(path string) (node, error) {
	var st syscall.Stat_t
	err := retry(func() error { return syscall.Lstat(path, &st) })
	return nodeOf(&st), err
}

func stat(path string) (node, error) {
	var st syscall.Stat_t
	err := retry(func() error { return syscall.Stat(path, &st) })
	return nodeOf(&st), err
}

func nodeOf(st *syscall.Stat_t) node {
	mode := fs.FileMode(st.Mode) & fs.ModePerm
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		mode |= fs.ModeDir
	case syscall.S_IFLNK:
		mode |= fs.ModeSymlink
	default:
		mode |= fs.ModeIrregular
	}
	return node{mode: mode, uid: int(st.Uid), size: st.Size}
}

// readFile reads a file and checks the opened file instead of the path. It uses plain system calls:
// package os would start its poller, which a regular file does not need.
func readFile(path string, limit int64) ([]byte, error) {
	var fd int
	err := retry(func() (err error) {
		// O_NONBLOCK: opening a named pipe would wait for a writer.
		fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return err
	})
	if errors.Is(err, syscall.ELOOP) {
		return nil, linkedFile(path)
	}
	if err != nil {
		return nil, wrapError("read", path, err)
	}
	defer func() { _ = syscall.Close(fd) }()
	var st syscall.Stat_t
	if err := retry(func() error { return syscall.Fstat(fd, &st) }); err != nil {
		return nil, wrapError("read", path, err)
	}
	n := nodeOf(&st)
	if err := n.checkFile(path); err != nil {
		return nil, err
	}
	if n.size > limit {
		return nil, tooLong(path, limit)
	}
	content, err := readAll(fd, int(n.size))
	return content, wrapError("read", path, err)
}

// readAll reads size bytes, or fewer if the file is shorter. Files that are replaced never grow. A
// file that another process writes in place (see [Dir.Open]) is read as it was a moment ago.
func readAll(fd, size int) ([]byte, error) {
	content := make([]byte, size)
	filled := 0
	for filled < size {
		var n int
		err := retry(func() (err error) {
			n, err = syscall.Read(fd, content[filled:])
			return err
		})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		filled += n
	}
	return content[:filled], nil
}

// retry repeats a call that a signal interrupted.
func retry(call func() error) error {
	err := call()
	for errors.Is(err, syscall.EINTR) {
		err = call()
	}
	return err
}

// openFile opens an existing file for overwriting or, with [os.O_APPEND], for appending. It checks
// the opened file instead of the path.
func openFile(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) //nolint:gosec // a file of this program
	if errors.Is(err, syscall.ELOOP) {
		return nil, linkedFile(path)
	}
	if err != nil {
		return nil, wrapError("open", path, err)
	}
	var st syscall.Stat_t
	err = wrapError("open", path, retry(func() error { return syscall.Fstat(int(f.Fd()), &st) }))
	if err == nil {
		n := nodeOf(&st)
		err = n.checkFile(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// appendTo relies on O_APPEND, which is atomic.
func appendTo(f *os.File, text []byte) error {
	_, err := f.Write(text)
	return err
}

func chmod(f *os.File) error { return f.Chmod(fileMode) }

// mkdir makes a directory with mode 0700 whatever the umask.
func mkdir(path string) error {
	if err := os.Mkdir(path, dirMode); err != nil {
		return err
	}
	if err := os.Chmod(path, dirMode); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// syncDir syncs renames in the directory to disk. A file system that cannot sync a directory
// returns EINVAL or ENOTSUP; there is no other way on it.
func syncDir(path string) error {
	dir, err := os.Open(path) //nolint:gosec // a directory that was checked, or a parent of it
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// tighten changes the file that it opened, not the target of a link at the path.
func tighten(path string, kind, mode fs.FileMode) error {
	f, err := os.OpenFile(path, syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) //nolint:gosec // a path of this program
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var st syscall.Stat_t
	if err := retry(func() error { return syscall.Fstat(int(f.Fd()), &st) }); err != nil {
		return err
	}
	if n := nodeOf(&st); n.mode.Type() != kind || n.isForeign() {
		return syscall.ESTALE // it was replaced meanwhile
	}
	return f.Chmod(mode)
}
