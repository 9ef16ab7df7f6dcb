package safefile

// Check refuses a file or a directory that other users could read or change, as the methods of
// [Dir] do. An absent one is ErrNotFound.
func Check(path string) error {
	n, err := lstat(path)
	switch {
	case err != nil:
		return wrapError("open", path, err)
	case n.mode.IsDir():
		return n.checkDir(path)
	}
	return n.checkFile(path)
}

// Tighten removes the permissions of other users from a file or directory of this user. For
// anything else that Check refuses it does nothing and returns the refusal.
func Tighten(path string) error {
	n, err := lstat(path)
	if err != nil {
		return wrapError("open", path, err)
	}
	if n.isForeign() || !n.isOpen() || n.mode.Type() != 0 && !n.mode.IsDir() {
		return Check(path)
	}
	mode := fileMode
	if n.mode.IsDir() {
		mode = dirMode
	}
	if err := tighten(path, n.mode.Type(), mode); err != nil {
		return wrapError("close to other users", path, err)
	}
	return Check(path)
}
