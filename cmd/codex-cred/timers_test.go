package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

const packaging = "../../packaging"

// ownCommand is the command in the examples.
const ownCommand = "codex-cred refresh --all"

// TestSystemdTimer checks the units with systemd, whose service runs the program.
func TestSystemdTimer(t *testing.T) {
	_, err := exec.LookPath("systemd-analyze")
	parts.Need(t, "systemd", err)
	program, err := exec.LookPath("codex-cred")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	units := make([]string, 0, 2)
	for _, name := range []string{"codex-cred-refresh.service", "codex-cred-refresh.timer"} {
		content, err := os.ReadFile(filepath.Join(packaging, "systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(content), "ExecStart="+ownCommand+"\n", "ExecStart="+program+" refresh --all\n")
		if name == "codex-cred-refresh.service" && text == string(content) {
			t.Errorf("the service does not run: %s", ownCommand)
		}
		units = append(units, filepath.Join(dir, name))
		if err := os.WriteFile(units[len(units)-1], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"--user", "verify"}, units...)...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze: %v\n%s", err, out)
	}
}

func TestLaunchdAgent(t *testing.T) {
	_, err := exec.LookPath("plistutil")
	parts.Need(t, "plistutil", err)
	out, err := exec.CommandContext(t.Context(), "plistutil", "-f", "xml", "-i", filepath.Join(packaging, "launchd", "codex-cred.refresh.plist")).CombinedOutput()
	if err != nil {
		t.Fatalf("plistutil: %v\n%s", err, out)
	}
	for _, want := range []string{"<key>Label</key>\n\t<string>codex-cred.refresh</string>", "exec " + ownCommand + "</string>", "<key>StartCalendarInterval</key>"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the agent lacks %s:\n%s", want, out)
		}
	}
}
