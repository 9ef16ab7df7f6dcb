package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// TestNothingIsLogged runs against a server that answers before it has a request. The standard
// library logs such answers, with their tokens.
func TestNothingIsLogged(t *testing.T) {
	const answer = `{"access_token":"an-access-token-of-somebody","token_type":"Bearer"}`
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strings.Repeat("0", 3)+"68\r\n\r\n"+answer)
		}
	}()
	homeDir := t.TempDir()
	clock := filepath.Join(homeDir, "clock")
	if err := os.WriteFile(clock, []byte("0s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 100 { // it is logged only if it arrives early enough
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, "codex-cred", "login", "--issuer", "http://"+l.Addr().String(), "--store", home.StoreFile, "--device")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + homeDir, "CODEX_CRED_HOME=" + filepath.Join(homeDir, "root"), clockVariable + "=" + clock}
		out, _ := cmd.CombinedOutput()
		cancel()
		if bytes.Contains(out, []byte("an-access-token")) || bytes.Contains(out, []byte("Unsolicited")) || cmd.ProcessState.ExitCode() == exit.OK {
			t.Fatalf("it says: %s", out)
		}
	}
}
