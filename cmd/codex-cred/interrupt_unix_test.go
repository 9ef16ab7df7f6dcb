//go:build unix

package main

import "syscall"

func interrupt(pid int) error { return syscall.Kill(pid, syscall.SIGINT) }

func hangUp(pid int) error { return syscall.Kill(pid, syscall.SIGHUP) }
