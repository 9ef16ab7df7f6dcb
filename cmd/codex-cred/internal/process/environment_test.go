package process

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkerEnvironment(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(here, "ca.pem")
	for _, c := range []struct{ given, want string }{
		{"HOME=/home/me", "HOME=/home/me"},
		{"XDG_RUNTIME_DIR=/run/user/1", "XDG_RUNTIME_DIR=/run/user/1"},
		{"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus,guid=1", "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/bus,guid=1"},
		{"CODEX_CRED_HOME=/somewhere", "CODEX_CRED_HOME=/somewhere"},
		{"CODEX_CRED_TOKEN=secret", ""},
		{"CODEX_CRED_ACCOUNT_ID=acct-1", ""},
		{"CODEX_CRED_LOG=1", "CODEX_CRED_LOG=1"},
		{"OPENAI_API_KEY=secret", ""},
		{"GOOGLE_API_KEY=secret", ""},
		{"GOPROXY=https://me:secret@proxy.example", ""},
		{"GODEBUG=http2client=0", ""},
		{"GODEBUG=http2debug=2,x509sha1=1", ""},
		{"godebug=tlsrsakex=1", ""},
		{"GOTRACEBACK=crash", ""},
		{"GOGC=off", ""},
		{"GOMEMLIMIT=1", ""},
		{"GOFIPS140=off", ""},
		{"SSLKEYLOGFILE=/tmp/keys", ""},
		{"LD_LIBRARY_PATH=/tmp", ""},
		{"GOMAXPROCS=1", "GOMAXPROCS=1"},
		{"LD_PRELOAD=/tmp/theirs.so", ""},
		{"https_proxy=http://proxy:8080", "https_proxy=http://proxy:8080"},
		{"SystemRoot=C:\\Windows", "SystemRoot=C:\\Windows"},
		{"SSL_CERT_FILE=ca.pem", "SSL_CERT_FILE=" + certificate},
		{"SSL_CERT_FILE=" + certificate, "SSL_CERT_FILE=" + certificate},
		{"SSL_CERT_DIR=", "SSL_CERT_DIR="},
	} {
		want := []string{c.want}
		if c.want == "" {
			want = []string{}
		}
		if diff := cmp.Diff(want, WorkerEnvironment([]string{c.given})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.given, diff)
		}
	}
}
