package testkeyring

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

var hold = flag.Bool("hold", false, "start a keyring, print where it is and wait to be killed")

// TestDaemonsDieWithTheTest kills a test process that holds a keyring.
func TestDaemonsDieWithTheTest(t *testing.T) {
	if *hold {
		holdKeyring(t)
		return
	}
	_, err := findTools()
	parts.Need(t, Part, err)
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestDaemonsDieWithTheTest$", "-hold")
	stdin, _ := cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 {
		t.Fatalf("the other test process says %q, %v", line, err)
	}
	defer func() { _ = os.RemoveAll(words[0]) }()
	daemons := []int{descriptor(t, words[1]), descriptor(t, words[2])}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	_ = stdin.Close()
	for i, fd := range daemons {
		if err := waitExit(ctx, fd); err != nil {
			t.Errorf("daemon %s outlives the test process: %v", words[i+1], err)
		}
	}
}

func holdKeyring(t *testing.T) {
	k := Start(t)
	pids := []string{k.dir, strconv.Itoa(k.bus.cmd.Process.Pid), strconv.Itoa(k.daemon.cmd.Process.Pid)}
	_, _ = io.WriteString(os.Stdout, strings.Join(pids, " ")+"\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// descriptor returns a pidfd of the process.
func descriptor(t *testing.T, pid string) int {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(n, unix.PIDFD_NONBLOCK)
	if err != nil {
		t.Fatalf("open process %d: %v", n, err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}
