//go:build !linux

package filelock_test

// tellsHolder: see holderOf.
const tellsHolder = false
