package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// chatGPTHost is the host that doctor connects to before the first sign-in.
const chatGPTHost = "auth.openai.com"

// A company is a network with a TLS-inspecting proxy, through which alone the issuer is reachable.
type company struct {
	proxy   *httptest.Server
	issuer  *httptest.Server
	ca      string // path of the certificate of its authority
	mu      sync.Mutex
	targets []string // addresses that the proxy was asked to connect to
	seen    []string // requests that the issuer received
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{ca: filepath.Join(t.TempDir(), "ca.pem")}
	c.issuer = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		c.seen = append(c.seen, r.Method+" "+r.Host+r.URL.String()+" "+r.UserAgent()+" "+r.Header.Get("Authorization")+string(body))
		w.WriteHeader(http.StatusForbidden)
	}))
	c.issuer.TLS = &tls.Config{Certificates: []tls.Certificate{certify(t, c.ca)}}
	c.issuer.Config.ErrorLog = log.New(io.Discard, "", 0) // errors of clients that do not trust it
	c.issuer.StartTLS()
	t.Cleanup(c.issuer.Close)
	c.proxy = httptest.NewServer(http.HandlerFunc(c.connect))
	t.Cleanup(c.proxy.Close)
	return c
}

// certify returns a certificate for the issuer, and writes the certificate of its authority to
// path.
func certify(t *testing.T, path string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "company"}, DNSNames: []string{chatGPTHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// connect is the proxy. It connects every client to the issuer.
func (c *company) connect(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.targets = append(c.targets, r.Method+" "+r.Host)
	c.mu.Unlock()
	there, err := net.Dial("tcp", c.issuer.Listener.Addr().String())
	if err != nil {
		return
	}
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
	_, _ = io.Copy(here, there)
	_ = here.Close()
}

// doctorIn runs doctor in a new home directory with the variables.
func doctorIn(t *testing.T, variables ...string) (code int, stdout string) {
	t.Helper()
	home := t.TempDir()
	clock := filepath.Join(home, "clock")
	must(t, os.WriteFile(clock, []byte("0s"), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "codex-cred", doctorName)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "HOME=" + home, "CODEX_CRED_HOME=" + filepath.Join(home, "root"), "BROWSER=test-browser", "DBUS_SESSION_BUS_ADDRESS=unix:path=" + home + "/no-bus", clockVariable + "=" + clock}, variables...)
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestDoctor_Company checks doctor's findings when the way to the issuer is broken.
func TestDoctor_Company(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	empty, absent := filepath.Join(t.TempDir(), "empty.pem"), filepath.Join(t.TempDir(), "absent.pem")
	must(t, os.WriteFile(empty, nil, 0o600))
	proxy := strings.Replace(c.proxy.URL, "//", "//me:hunter2@", 1)
	const untrusted = `^problem +issuer +auth\.openai\.com through the proxy http://127\.0\.0\.1:\d+ shows a certificate of an authority that is not trusted here; `
	for _, r := range []struct {
		what             string
		proxy, authority string
		code             int
		says             []string
	}{
		{"all is well", proxy, c.ca, exit.OK, []string{`^ok +issuer +auth\.openai\.com answers through the proxy http://127\.0\.0\.1:\d+$`, `^ok +clock `, `^warning +certificates +HTTPS_PROXY and SSL_CERT_FILE replace .* can read every token`}},
		{"nobody vouches for the company", proxy, "", exit.Findings, []string{untrusted + "if your company", `^ok +certificates `}},
		{"the file of authorities is empty", proxy, empty, exit.Findings, []string{untrusted, `^problem +certificates +SSL_CERT_FILE names \S+empty\.pem, which holds no certificate; unset SSL_CERT_FILE$`}},
		{"the file of authorities is gone", proxy, absent, exit.Findings, []string{`^problem +certificates +SSL_CERT_FILE names \S+absent\.pem, which cannot be read; unset SSL_CERT_FILE$`}},
		{"the proxy is gone", gone.URL, c.ca, exit.Findings, []string{`^problem +issuer +auth\.openai\.com through the proxy http://127\.0\.0\.1:\d+ cannot be asked: .*refused.*; set HTTPS_PROXY right, or unset it; try: curl -I -x http://127\.0\.0\.1:\d+ https://auth\.openai\.com/$`}},
	} {
		variables := []string{"HTTPS_PROXY=" + r.proxy}
		if r.authority != "" {
			variables = append(variables, "SSL_CERT_FILE="+r.authority)
		}
		code, said := doctorIn(t, variables...)
		for _, want := range r.says {
			if !regexp.MustCompile("(?m)" + want).MatchString(said) {
				t.Errorf("%s: nothing matches %s in:\n%s", r.what, want, said)
			}
		}
		if code != r.code || strings.Contains(said, "hunter2") {
			t.Errorf("%s: exit code %d, want %d:\n%s", r.what, code, r.code, said)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if diff := cmp.Diff([]string{"HEAD " + chatGPTHost + "/ " + userAgent() + " "}, c.seen); diff != "" {
		t.Errorf("the issuer got (-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(c.targets, func(target string) bool { return target != "CONNECT "+chatGPTHost+":443" }) {
		t.Errorf("the proxy was asked for %q", c.targets)
	}
}

// TestDoctor_Ports occupies the ports of the redirect after a sign-in to ChatGPT.
func TestDoctor_Ports(t *testing.T) {
	first, err1 := net.Listen("tcp", "127.0.0.1:1455")
	second, err2 := net.Listen("tcp", "127.0.0.1:1457")
	parts.Need(t, "ports", errors.Join(err1, err2))
	c := newCompany(t)
	variables := []string{"HTTPS_PROXY=" + c.proxy.URL, "SSL_CERT_FILE=" + c.ca}
	code, said := doctorIn(t, variables...)
	for _, port := range []string{"1455", "1457"} {
		want := regexp.MustCompile(`(?m)^warning +ports +` + port + ` is taken by \S+, process ` + strconv.Itoa(os.Getpid()) + "( of user \\S+)?; end it .*codex-cred login --device$")
		if code != exit.OK || !want.MatchString(said) {
			t.Errorf("exit code %d, and nothing matches %s in:\n%s", code, want, said)
		}
	}
	must(t, errors.Join(first.Close(), second.Close()))
	if _, said := doctorIn(t, variables...); !strings.Contains(said, "1455 and 1457 are free") {
		t.Errorf("with both ports free:\n%s", said)
	}
}
