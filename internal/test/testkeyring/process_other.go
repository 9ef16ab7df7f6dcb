//go:build !linux

package testkeyring

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

func dieWithParent(*exec.Cmd) {}

func runAs(*exec.Cmd, int) {}

func (p *process) stop() error { return errors.ErrUnsupported }

func (p *process) proceed() error { return errors.ErrUnsupported }

func killOther(context.Context, int) error { return errors.ErrUnsupported }

func endOther(context.Context, int) error { return errors.ErrUnsupported }

func processesWith(string) ([]other, error) { return nil, errors.ErrUnsupported }

const dirPrefix = "keyring-"

func holdDir(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func removeStale() {}
