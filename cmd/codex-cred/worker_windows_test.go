package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// A job is a Windows job object: a set of processes that can be killed together, as some terminals
// and services do.
type job windows.Handle

func newJob(t *testing.T, limits uint32) job {
	t.Helper()
	handle, err := windows.CreateJobObject(nil, nil)
	must(t, err)
	t.Cleanup(func() { _ = windows.CloseHandle(handle) })
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: limits}}
	_, err = windows.SetInformationJobObject(handle, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	must(t, err)
	return job(handle)
}

// take adds the process to the job.
func (j job) take(t *testing.T, process *os.Process) {
	t.Helper()
	handle, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(process.Pid))
	must(t, err)
	defer func() { _ = windows.CloseHandle(handle) }()
	must(t, windows.AssignProcessToJobObject(windows.Handle(j), handle))
}

// TestWorkerOutlivesItsCaller kills a caller while it waits for the issuer's answer, alone or with
// its job. Its worker must store the answer, and the next get has it without another request.
func TestWorkerOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	const breakaway = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK
	for name, end := range map[string]func(*testing.T, *exec.Cmd, job){
		"the caller is ended": func(t *testing.T, caller *exec.Cmd, _ job) { must(t, caller.Process.Kill()) },
		"its job is ended":    func(t *testing.T, _ *exec.Cmd, j job) { must(t, windows.TerminateJobObject(windows.Handle(j), 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWindowsScene(t)
			first := s.run(t, "get")
			s.expire(t)
			must(t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: patience}))
			j := newJob(t, breakaway)
			caller := s.beginInJob(t, j)
			s.awaitRefresh(t, 1)
			end(t, caller, j)
			if err := caller.Wait(); err == nil {
				t.Error("the caller was not ended")
			}
			s.server.Release()
			second := s.run(t, "get")
			if second == first || !s.server.Accepts(strings.TrimSpace(second)) {
				t.Error("the next get has no new token that the server accepts")
			}
			if n := s.server.Count(authserver.GrantRefresh); n != 1 {
				t.Errorf("the server saw %d refreshes, want 1", n)
			}
		})
	}
}

// TestJobWithoutBreakaway checks that get refreshes even if no process may leave the job.
func TestJobWithoutBreakaway(t *testing.T) {
	t.Parallel()
	s := newWindowsScene(t)
	s.expire(t)
	caller := s.beginInJob(t, newJob(t, windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE))
	if err := caller.Wait(); err != nil {
		t.Errorf("get in a job that lets nobody out: %v", err)
	}
	if n := s.server.Count(authserver.GrantRefresh); n != 1 {
		t.Errorf("the server saw %d refreshes, want 1", n)
	}
}

// A windowsScene is a fixture with a signed-in account. It does not need a script.
type windowsScene struct {
	*stage
	env []string
}

func newWindowsScene(t *testing.T) *windowsScene {
	t.Helper()
	s := &windowsScene{stage: &stage{t: t, profile: refresh.ProfileOAuth, store: home.StoreFile}}
	s.server = s.start()
	dir := t.TempDir()
	s.home, s.clockFile = filepath.Join(dir, "home"), filepath.Join(dir, "clock")
	must(t, os.Mkdir(s.home, 0o700))
	must(t, os.WriteFile(s.clockFile, []byte("0s"), 0o600))
	s.env = append(os.Environ(), "CODEX_CRED_HOME="+filepath.Join(s.home, "Ünïcode 日本"), "BROWSER=test-browser", "CI=", clockVariable+"="+s.clockFile)
	s.run(t, s.loginArgs(nil)...)
	return s
}

func (s *windowsScene) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), "codex-cred", args...)
	cmd.Env = s.env
	return cmd
}

// run checks that the command succeeds, and returns its output.
func (s *windowsScene) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := s.command(args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("codex-cred %q: %v: %s", args, err, stderr.String())
	}
	return string(out)
}

func (s *windowsScene) expire(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += 2 * 60 * 60 * 1e9
	must(t, s.setClock())
}

func (s *windowsScene) awaitRefresh(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, s.server.Wait(ctx, authserver.GrantRefresh, n))
}

// beginInJob starts a get that joins the job before it does anything: it waits for its first line
// of input, which is the account's name.
func (s *windowsScene) beginInJob(t *testing.T, j job) *exec.Cmd {
	t.Helper()
	cmd := s.command("get")
	cmd.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_SUSPENDED}
	must(t, cmd.Start())
	j.take(t, cmd.Process)
	resume(t, cmd.Process)
	return cmd
}

// resume starts the only thread of a suspended process.
func resume(t *testing.T, process *os.Process) {
	t.Helper()
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	must(t, err)
	defer func() { _ = windows.CloseHandle(snapshot) }()
	entry := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(snapshot, &entry); err == nil; err = windows.Thread32Next(snapshot, &entry) {
		if entry.OwnerProcessID != uint32(process.Pid) {
			continue
		}
		thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, entry.ThreadID)
		must(t, err)
		_, err = windows.ResumeThread(thread)
		must(t, err)
		must(t, windows.CloseHandle(thread))
		return
	}
	t.Fatalf("the process has no thread: %v", err)
}

// TestPlaces checks that without XDG variables our files are in %LOCALAPPDATA%.
func TestPlaces(t *testing.T) {
	t.Parallel()
	local, err := os.UserCacheDir() // %LOCALAPPDATA%
	must(t, err)
	cmd := exec.CommandContext(t.Context(), "codex-cred", "paths", "--format", "json")
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "XDG_") && name != "CODEX_CRED_HOME" {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	clock := filepath.Join(t.TempDir(), "clock")
	must(t, os.WriteFile(clock, []byte("0s"), 0o600))
	cmd.Env = append(cmd.Env, clockVariable+"="+clock)
	out, err := cmd.Output()
	must(t, err)
	root := strings.ReplaceAll(filepath.Join(local, "codex-cred"), `\`, `\\`)
	if !strings.Contains(string(out), `"root":"`+root+`"`) || strings.Contains(string(out), "\r") {
		t.Errorf("paths prints %q, want the root %s and no CR", out, root)
	}
}
