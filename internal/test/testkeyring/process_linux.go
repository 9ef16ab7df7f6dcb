package testkeyring

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func dieWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}

// runAs makes the command run as the user; 0 is this process's user.
func runAs(cmd *exec.Cmd, uid int) {
	if uid == 0 {
		return
	}
	id := uint32(uid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}

// stop returns when the process has stopped.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (p *process) proceed() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// killOther kills a process that is not a child and waits until it has exited.
func killOther(ctx context.Context, pid int) error { return signalOther(ctx, pid, unix.SIGKILL) }

// endOther asks a process that is not a child to exit, so that it can remove its files, and kills
// it if it does not.
func endOther(ctx context.Context, pid int) error {
	const most = 5 * time.Second
	asking, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if err := signalOther(asking, pid, unix.SIGTERM); err == nil {
		return nil
	}
	return killOther(ctx, pid)
}

func signalOther(ctx context.Context, pid int, signal unix.Signal) error {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer func() { _ = f.Close() }()
	if err := unix.PidfdSendSignal(fd, signal, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return waitExit(ctx, fd)
}

// waitExit returns when the process of the descriptor has exited.
func waitExit(ctx context.Context, pidfd int) error {
	for ctx.Err() == nil {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, pollMilliseconds)
		if n == 1 {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return ctx.Err()
}

// pollMilliseconds is the interval at which a wait checks its context.
const pollMilliseconds = 100

// processesWith returns the processes that have the text in their environment. It cannot read those
// of other users or, except as root, of processes with capabilities.
func processesWith(text string) ([]other, error) {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err == nil && len(environs) == 0 {
		err = errors.New("there are no processes at all")
	}
	var all []other
	for _, path := range environs {
		proc := filepath.Dir(path)
		environ, readErr := os.ReadFile(path)        //nolint:gosec // of procfs
		stat, statErr := os.ReadFile(proc + "/stat") //nolint:gosec // of procfs
		command, _ := os.ReadFile(proc + "/cmdline") //nolint:gosec // of procfs
		if readErr != nil || statErr != nil || !strings.Contains(string(environ), text) {
			continue // it has exited, or is another user's
		}
		o := other{command: strings.ReplaceAll(strings.TrimRight(string(command), "\x00"), "\x00", " ")}
		o.pid, _ = strconv.Atoi(filepath.Base(proc))
		// proc(5): PID (COMMAND) STATE PARENT, where the command may contain anything.
		if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); len(fields) > 1 && fields[0] != "Z" {
			o.parent, _ = strconv.Atoi(fields[1])
			all = append(all, o)
		}
	}
	return all, err
}

const dirPrefix = "keyring-"

// holdDir locks the directory until the file is closed or this process ends.
func holdDir(dir string) (*os.File, error) {
	f, err := os.Open(dir) //nolint:gosec // made by this package
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// removeStale removes the directories of processes that ended without Close, as a
// test does that go test's -timeout ends. A new one may not be locked yet.
func removeStale() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if f, err := holdDir(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = f.Close()
		}
	}
}
