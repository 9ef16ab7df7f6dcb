//go:build !linux

package filelock_test

// tellsHolder: see holderOf.
const reportsHolder = false
