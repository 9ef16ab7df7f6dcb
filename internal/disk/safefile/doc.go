// Package safefile is the only place that makes, opens, replaces and deletes
// the files of codex-cred. Start with [Dir], a directory of ours, and
// [CheckRoot], which a program calls before anything else.
//
// Directories have mode 0700 and files 0600, whatever the umask. From the root
// of ours downwards a symbolic link, a file or directory of another user, and
// one that other users can reach are refused with a [helper.UnsafeError]. What
// lies above the root is the user's business. On Windows files have no modes:
// there the access list that our directories inherit from the user's profile
// is what protects them, and only links and kinds of files are checked.
//
// The package gives no meaning to what the files hold and takes no locks.
// Errors are in the vocabulary of package helper, and name the path.
package safefile
