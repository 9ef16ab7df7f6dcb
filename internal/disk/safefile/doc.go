// Package safefile is the only place that creates, opens, replaces and deletes the files of
// codex-cred. Start with [Dir], one directory, and [CheckRoot], which a program calls before
// anything else.
//
// Directories have mode 0700 and files 0600, whatever the umask. From the root downwards the
// package refuses, with a [helper.UnsafeError], symbolic links, files and directories of other
// users, and those that other users can access. What is above the root is the user's business. On
// Windows files have no modes: there the access list protects them, and links and kinds of files
// are checked.
//
// It is our own code because libraries for atomic writes replace a file and check nothing: they
// follow links and accept foreign owners and open modes. A check before such a call would be a
// race; here the opened file itself is checked.
//
// The package does not interpret the files and takes no locks. Errors are those of package helper,
// and name the path.
package safefile
