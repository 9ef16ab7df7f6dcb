package requestlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
	"github.com/codex-cred/codex-cred/refresh"
)

const secret = "Zq8xV3nLr0TtW5yKmC2b"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// record writes the exchanges as the command "login" and returns the file.
func record(t *testing.T, bodies bool, list ...refresh.Exchange) string {
	t.Helper()
	l := requestlog.New(filepath.Join(t.TempDir(), "root"))
	r := l.Record("login", bodies, func(err error) { t.Error(err) })
	for _, x := range list {
		r.Observe(requestlog.About(t.Context(), "work"), x)
	}
	r.Flush()
	content, err := os.ReadFile(l.Path())
	must(t, err)
	if leaks := leakscan.Tree([]string{secret}, l.Root()); len(leaks) > 0 {
		t.Errorf("secrets in the log: %q\n%s", leaks, content)
	}
	return string(content)
}

func exchange(contentType, body, answer string) refresh.Exchange {
	return refresh.Exchange{
		Request: refresh.RequestRefresh, Method: "POST", Endpoint: "https://name:" + secret + "@auth.example.com/oauth/token?q=" + secret + "#" + secret,
		Generation: 3, Start: time.Date(2027, 1, 1, 12, 0, 0, 0, time.FixedZone("", 3600)), Duration: 1500 * time.Millisecond, Sent: true, Status: 200,
		ContentType: contentType, Body: helper.NewSecret(body), Answer: helper.NewSecret(answer),
	}
}

const metadata = `{"time":"2027-01-01T11:00:00Z","command":"login","account":"work","generation":3,"request":"refresh","method":"POST",` +
	`"host":"auth.example.com","path":"/oauth/token","sent":true,"status":200,"duration_ms":1500`

// A line holds no body unless it is asked for, and never a query.
func TestRecord_Metadata(t *testing.T) {
	t.Parallel()
	got := record(t, false, exchange("application/json", `{"scope":"openid"}`, `{"scope":"openid"}`))
	if want := metadata + "}\n"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// Of what went wrong a line has a word of ours alone.
func TestRecord_Failures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		sent   bool
		status int
		want   string
	}{
		{fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), true, 0, "timeout"},
		{fmt.Errorf("%s: %w", secret, context.Canceled), true, 0, "canceled"},
		{errors.New(secret), true, 200, "cut off"},
		{errors.New(secret), true, 0, "no answer"},
		{errors.New(secret), false, 0, "not sent"},
	} {
		x := exchange("", "", "")
		x.Err, x.Sent, x.Status = c.err, c.sent, c.status
		if got := record(t, true, x); !strings.Contains(got, `"failure":"`+c.want+`"`) {
			t.Errorf("%s\nwant the failure %s", got, c.want)
		}
	}
}

// Bodies have every value replaced that is no word of the protocol, under whatever
// name it comes.
func TestRecord_Bodies(t *testing.T) {
	t.Parallel()
	long := secret + strings.Repeat("x", 1200)
	for name, c := range map[string]struct{ contentType, body, want string }{
		"a refresh": {
			"application/json", `{"grant_type":"refresh_token","refresh_token":"` + long + `","client_id":"` + secret + `"}`,
			`{"client_id":"[client_id, 16-32 bytes]","grant_type":"refresh_token","refresh_token":"[refresh_token, 1-2 KiB]"}`,
		},
		"a form": {
			"application/x-www-form-urlencoded", url.Values{"grant_type": {"authorization_code"}, "code": {secret}, "scope": {"openid email"}, "token": {secret, secret}}.Encode(),
			`{"code":"[code, 16-32 bytes]","grant_type":"authorization_code","scope":"openid email","token":["[token, 16-32 bytes]","[token, 16-32 bytes]"]}`,
		},
		"secrets under harmless names": {
			"application/json", `{"scope":"openid ` + secret + `","error":"` + secret + `","expires_in":"` + secret + `","token_type":"` + secret + `","interval":12345678901}`,
			`{"error":"[error, 16-32 bytes]","expires_in":"[expires_in, 16-32 bytes]","interval":"[interval, a number]","scope":"[scope, 16-32 bytes]","token_type":"[token_type, 16-32 bytes]"}`,
		},
		"harmless values": {
			"application/json", `{"expires_in":3600,"interval":"5","error":"invalid_grant","token_type":"Bearer"}`,
			`{"error":"invalid_grant","expires_in":3600,"interval":"5","token_type":"Bearer"}`,
		},
		"nested": {
			"application/json", `{"error":{"code":"token_expired","message":"` + secret + `"},"detail":["` + secret + `",true,null,7]}`,
			`{"detail":["[detail, 16-32 bytes]","[detail, a boolean]",null,"[detail, a number]"],"error":{"code":"token_expired","message":"[message, 16-32 bytes]"}}`,
		},
		"unknown names": {
			"application/json", `{"` + secret + `":"v","email":"someone@example.com","x":{"` + secret + `":1}}`,
			`{"unknown":["[unknown, under 16 bytes]","[unknown, 16-32 bytes]",{"unknown":["[unknown, a number]"]}]}`,
		},
		"no JSON":     {"application/json", `{"access_token":"` + secret, `"[body, 32-64 bytes]"`},
		"more JSON":   {"application/json", `{} ` + secret, `"[body, 16-32 bytes]"`},
		"a list":      {"application/json", `["` + secret + `"]`, `"[body, 16-32 bytes]"`},
		"no form":     {"application/x-www-form-urlencoded", `token=` + secret + `&%`, `"[body, 16-32 bytes]"`},
		"a lot of it": {"application/json", `{"detail":[` + strings.Repeat(`"",`, 5000) + `""]}`, `"[body, 8-16 KiB]"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got struct{ Body, Answer json.RawMessage }
			must(t, json.Unmarshal([]byte(record(t, true, exchange(c.contentType, c.body, c.body))), &got))
			if diff := cmp.Diff(c.want, string(got.Body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if c.contentType == "application/json" && !bytes.Equal(got.Body, got.Answer) {
				t.Errorf("the same answer became %s", got.Answer)
			}
		})
	}
}

// Many processes write and number the files at once: no line is torn, the files
// are of the size they should be, their owner's alone, and three full ones stay.
func TestRecord_Rotates(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	big := `{"detail":[` + strings.Repeat(`"0123456789",`, 400) + `""]}`
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			r := requestlog.New(root).Record(fmt.Sprint("command ", n), true, func(err error) { t.Error(err) })
			for range 40 {
				r.Observe(t.Context(), exchange("application/json", big, big))
				r.Flush()
			}
		})
	}
	all.Wait()
	files, err := requestlog.New(root).Files()
	must(t, err)
	names := make([]string, len(files))
	most, mode := int64(1<<20+8*32<<10), fs.FileMode(0o600)
	if runtime.GOOS == "windows" { // where a file that others have open is renamed later, and has no mode
		most, mode = 2<<20, 0o666
	}
	for i, path := range files {
		names[i] = filepath.Base(path)
		info, err := os.Stat(path)
		must(t, err)
		content, err := os.ReadFile(path)
		must(t, err)
		if info.Size() > most || info.Mode() != mode {
			t.Errorf("%s: %d bytes, mode %v", path, info.Size(), info.Mode())
		}
		if strings.Count(path, ".") > 1 && strings.HasSuffix(path, ".1.jsonl") && info.Size() < 1<<20 {
			t.Errorf("%s was numbered with %d bytes", path, info.Size())
		}
		for line := range bytes.Lines(content) {
			if !json.Valid(line) {
				t.Fatalf("%s: a line is torn: %.80s", path, line)
			}
		}
	}
	if diff := cmp.Diff([]string{".lock", "requests.1.jsonl", "requests.2.jsonl", "requests.3.jsonl", "requests.jsonl"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// What cannot be written is told once, and is no trouble to who makes requests.
func TestRecord_Fails(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	must(t, os.WriteFile(root, nil, 0o600))
	var told []error
	r := requestlog.New(root).Record("get", false, func(err error) { told = append(told, err) })
	for range 3 {
		r.Observe(t.Context(), exchange("", "", ""))
	}
	r.Flush()
	if len(told) != 1 {
		t.Errorf("%d errors were told: %v", len(told), told)
	}
}

// After its end a Recorder writes nothing; none at all records nothing.
func TestRecorder_End(t *testing.T) {
	t.Parallel()
	l := requestlog.New(filepath.Join(t.TempDir(), "root"))
	r := l.Record("erase", false, func(err error) { t.Error(err) })
	r.End()
	r.Observe(t.Context(), exchange("", "", ""))
	r.Flush()
	if files, err := l.Files(); err != nil || len(files) > 0 {
		t.Errorf("files %q, %v", files, err)
	}
	var none *requestlog.Recorder
	none.Observe(t.Context(), exchange("", "", ""))
	none.Flush()
	none.End()
}
