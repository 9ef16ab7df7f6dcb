package testkeyring

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync/atomic"
)

// A process is a child that is killed with this process.
type process struct {
	cmd    *exec.Cmd
	gone   chan struct{} // closed when it has exited
	killed atomic.Bool   // by this package
}

// startProcess keeps a thread for the child until it exits: Linux kills such a child with the
// thread that started it.
func startProcess(cmd *exec.Cmd) (*process, error) {
	dieWithParent(cmd)
	p := &process{cmd: cmd, gone: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // see fate
			close(p.gone)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// kill kills the process, stopped or not, and waits until it has exited.
func (p *process) kill() {
	if !p.ended() {
		p.killed.Store(true)
	}
	_ = p.cmd.Process.Kill() // it may have exited
	<-p.gone
}

// fate says how the process ended by itself, and is empty if it runs or was killed.
func (p *process) fate() string {
	if !p.ended() || p.killed.Load() {
		return ""
	}
	return p.cmd.ProcessState.String()
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// An other is a process that is not a child of this one.
type other struct {
	pid, parent int
	command     string
}

func (o other) String() string { return fmt.Sprintf("process %d: %s", o.pid, o.command) }
