package refresh_test

import (
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// A fakeProxy is a proxy that requires the user me with the password s3cret.
type fakeProxy struct {
	url  string // with the proof
	seen atomic.Int32
	// asked is the last requested address.
	asked atomic.Value
}

func (v *fakeProxy) isAuthenticated() bool { return strings.Contains(v.url, "me:s3cret@") }

// ServeHTTP implements [http.Handler].
func (v *fakeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.seen.Add(1)
	v.asked.Store(r.Host)
	const proof = "Basic bWU6czNjcmV0"
	if r.Header.Get("Proxy-Authorization") != proof {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		if !r.URL.IsAbs() || !r.Close {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.RequestURI = ""
		r.Header.Del("Proxy-Authorization")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	join(conn, r.Host, "HTTP/1.1 200 Connection established\r\n\r\n")
}

// join writes words to the client and connects it to the address.
func join(conn net.Conn, address, words string) {
	defer conn.Close()
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer far.Close()
	if _, err := io.WriteString(conn, words); err != nil {
		return
	}
	go func() { _, _ = io.Copy(far, conn); _ = far.(*net.TCPConn).CloseWrite() }()
	_, _ = io.Copy(conn, far)
}

// serveSocks handles one connection as a SOCKS 5 proxy (RFC 1928, RFC 1929).
func (v *fakeProxy) serveSocks(conn net.Conn) {
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(conn, b)
		return b
	}
	v.seen.Add(1)
	methods := read(int(read(2)[1]))
	if !strings.Contains(string(methods), "\x02") {
		_, _ = conn.Write([]byte{5, 0xff})
		_ = conn.Close()
		return
	}
	_, _ = conn.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	if user != "me" || password != "s3cret" {
		_, _ = conn.Write([]byte{1, 1})
		_ = conn.Close()
		return
	}
	_, _ = conn.Write([]byte{1, 0})
	host := ""
	switch head := read(4); head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	case 4:
		host = net.IP(read(16)).String()
	}
	address := net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(read(2))))
	v.asked.Store(address)
	join(conn, address, "\x05\x00\x00\x03\x04name\x00\x50")
}

// newProxy starts a proxy with the scheme. User is the user and password of its URL.
func newProxy(t *testing.T, scheme, user string, pool *x509.CertPool) *fakeProxy {
	t.Helper()
	v := &fakeProxy{}
	address := ""
	switch scheme {
	case "http":
		s := httptest.NewServer(v)
		t.Cleanup(s.Close)
		address = s.Listener.Addr().String()
	case "https":
		s := httptest.NewTLSServer(v)
		t.Cleanup(s.Close)
		pool.AddCert(s.Certificate())
		address = s.Listener.Addr().String()
	default:
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go v.serveSocks(conn)
			}
		}()
		address = l.Addr().String()
	}
	v.url = scheme + "://" + user + address
	return v
}

// TestRefreshThroughProxies checks that a refresh uses the configured proxy and authenticates, and that nothing is sent
// if that fails.
func TestRefreshThroughProxies(t *testing.T) {
	for _, target := range []string{"https", "http"} {
		for _, scheme := range []string{"http", "https", "socks5", "socks5h"} {
			for _, user := range []string{"me:s3cret@", "me:wrong@", ""} {
				t.Run(fmt.Sprint(target, " by ", scheme, " as ", user), func(t *testing.T) {
					t.Parallel()
					throughProxy(t, target, scheme, user)
				})
			}
		}
	}
}

func throughProxy(t *testing.T, target, scheme, user string) {
	var posts atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the server was told who asks the proxy")
		}
		_, _ = io.WriteString(w, `{"access_token":"new","token_type":"Bearer","refresh_token":"next"}`)
	}))
	pool := x509.NewCertPool()
	if target == "https" {
		server.StartTLS()
		pool.AddCert(server.Certificate())
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	proxy := newProxy(t, scheme, user, pool)
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.client.RootCAs = pool
	env.client.Proxy = func(r *http.Request) (*url.URL, error) {
		if !strings.HasPrefix(r.URL.String(), server.URL) {
			return nil, nil //nolint:nilnil // as http.ProxyFromEnvironment
		}
		return url.Parse(proxy.url)
	}
	env.clock.advance(life)
	pointAt(t, env, server.URL+"/token")
	rec, err := env.refresh(t)
	text := fmt.Sprint(err)
	if strings.Contains(text, "s3cret") || strings.Contains(text, "bWU6czNjcmV0") {
		t.Errorf("the error says the password: %v", err)
	}
	if proxy.seen.Load() == 0 {
		t.Error("the proxy was not asked")
	}
	if !proxy.isAuthenticated() {
		if !errors.Is(err, helper.ErrTemporary) || posts.Load() != 0 {
			t.Errorf("without a proof: error %v after %d requests", err, posts.Load())
		}
		return
	}
	if err != nil || posts.Load() != 1 || rec.Credential.AccessToken.Reveal() != "new" {
		t.Errorf("error %v after %d requests", err, posts.Load())
	}
	if asked := proxy.asked.Load(); asked != server.Listener.Addr().String() {
		t.Errorf("the proxy was asked for %v", asked)
	}
}

// pointAt changes the token endpoint of the stored credential.
func pointAt(t *testing.T, env *environment, endpoint string) {
	t.Helper()
	rec := env.read(t)
	rec.Credential.Issuer.TokenEndpoint = endpoint
	if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
}

// TestRefreshChecksTheCertificate checks that no token is sent to a server with an untrusted certificate.
func TestRefreshChecksTheCertificate(t *testing.T) {
	var posts atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posts.Add(1) }))
	t.Cleanup(server.Close)
	other := x509.NewCertPool()
	other.AddCert(server.Certificate())
	for _, c := range []struct {
		name string
		pool *x509.CertPool
		at   string
	}{
		{"another authority", x509.NewCertPool(), server.URL},
		{"another name", other, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)},
	} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.clock.advance(life)
		env.client.RootCAs = c.pool
		pointAt(t, env, c.at+"/token")
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) || !strings.Contains(err.Error(), "certificate") ||
			posts.Load() != 0 {
			t.Errorf("%s: error %v after %d requests, want one about the certificate and none", c.name, err, posts.Load())
		}
	}
}

// TestConnectionsAreNotKept checks that each request uses a new connection, closed after it: on a reused connection
// net/http may send a request twice.
func TestConnectionsAreNotKept(t *testing.T) {
	var opened, open atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.Close {
			t.Errorf("%s %s would keep the connection", r.Method, r.URL)
		}
		_, _ = io.WriteString(w, `{"access_token":"new","token_type":"Bearer","refresh_token":"next"}`)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	pointAt(t, env, server.URL+"/token")
	want := int32(0)
	for range 2 {
		iss := deviceIssuer(refresh.ProfileOAuth, server.URL)
		iss.RevocationEndpoint = server.URL + "/revoke"
		for name, call := range calls() {
			_ = call(t.Context(), env.client, iss)
			want++
			if name == "metadata" {
				want++ // at both places
			}
		}
		if _, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{
			Account:    "work",
			Generation: env.read(t).Credential.Generation, Reason: helper.ReasonHand,
		}); err != nil {
			t.Error(err)
		}
		want++
	}
	if opened.Load() != want {
		t.Errorf("%d connections were opened for %d requests", opened.Load(), want)
	}
}
