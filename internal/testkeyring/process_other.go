//go:build !linux

package testkeyring

import (
	"errors"
	"os/exec"
)

func dieWithParent(*exec.Cmd) {}

func (p *process) stop() error { return errors.ErrUnsupported }

func (p *process) proceed() error { return errors.ErrUnsupported }
