package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/packaging/opencode"
)

// A serving is a running "opencode serve" and a session in it.
type serving struct {
	url     string
	session string
}

// serve starts OpenCode's server, which runs until the script ends, and creates a session.
//
//	serve
func (s *stage) serve(ts *testscript.TestScript, _ []string) {
	ctx, cancel := context.WithCancel(s.t.Context())
	cmd := exec.CommandContext(ctx, s.client, "serve", "--port", "0", "--log-level", "DEBUG")
	cmd.Dir, cmd.WaitDelay = s.home, patience
	cmd.Env = environment(ts)
	for _, name := range []string{"OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_AUTOUPDATE"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		ts.Check(err)
		if _, url, ok := strings.Cut(line, "listening on "); ok {
			s.serving = &serving{url: strings.TrimSpace(url)}
			break
		}
	}
	var session struct{ ID string }
	// Without a title OpenCode would ask the model for one.
	ts.Check(json.Unmarshal(s.post(ts, "/session", `{"title":"test"}`), &session))
	s.serving.session = session.ID
}

// message sends a message to the session, and prints the model's answer or the error that OpenCode
// shows.
//
//	message TEXT
func (s *stage) message(ts *testscript.TestScript, args []string) {
	var answer struct {
		Info struct {
			Error *struct {
				Name string
				Data struct{ Message string }
			}
		}
		Parts []struct{ Type, Text string }
	}
	model := `{"providerID":"openai","modelID":"gpt-5.5"}`
	body := fmt.Sprintf(`{"model":%s,"parts":[{"type":"text","text":%q}]}`, model, args[0])
	ts.Check(json.Unmarshal(s.post(ts, "/session/"+s.serving.session+"/message", body), &answer))
	for _, part := range answer.Parts {
		if part.Type == "text" {
			_, _ = fmt.Fprintln(ts.Stdout(), part.Text)
		}
	}
	if e := answer.Info.Error; e != nil {
		_, _ = fmt.Fprintln(ts.Stderr(), e.Data.Message)
	}
	_, _ = ts.Stdout(), ts.Stderr() // clear earlier output
}

func (s *stage) post(ts *testscript.TestScript, path, body string) []byte {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.serving.url+path, bytes.NewReader([]byte(body)))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	ts.Check(err)
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("OpenCode answers %s: %s", response.Status, answer)
	}
	return answer
}

// TestOpenCodePlugin runs the plugin in OpenCode's JavaScript engine without OpenCode. BUN_BE_BUN
// makes the binary act as the engine.
func TestOpenCodePlugin(t *testing.T) {
	t.Parallel()
	engine, err := findClient("opencode")
	parts.Need(t, "opencode", err)
	dir := t.TempDir()
	plugin := filepath.Join(dir, "plugin.mjs")
	must(t, os.WriteFile(plugin, opencode.Plugin(), 0o600))
	script, err := filepath.Abs(filepath.Join("testdata", "clients", "opencode-plugin.mjs"))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, engine, script, plugin)
	cmd.Dir = dir
	cmd.Env = []string{"BUN_BE_BUN=1", "HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "all passed\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
