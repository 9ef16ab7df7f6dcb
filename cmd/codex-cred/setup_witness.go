package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// A recordingServer listens on loopback in place of a client's API and records which tokens the
// client sends. It keeps only their digests.
type recordingServer struct {
	url string
	// certificate is the server's TLS certificate, in PEM.
	certificate []byte

	http *http.Server

	mu   sync.Mutex // guards seen
	seen []string   // SHA-256 of each bearer token
}

// startWitness starts a server that gives the answer of the run to every request.
func startWitness(ctx context.Context, run trialRun) (*recordingServer, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	w := &recordingServer{url: "http://" + l.Addr().String()}
	answer := func(rw http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.mu.Lock()
		w.seen = append(w.seen, sha256Of(token))
		w.mu.Unlock()
		rw.Header().Set("Content-Type", run.contentType)
		_, _ = io.WriteString(rw, run.answer)
	}
	w.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(answer)}
	if run.proxied != (wire.Host{}) {
		if err := w.proxy(run.proxied, answer); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	go func() { _ = w.http.Serve(l) }()
	return w, nil
}

// proxy makes the server a proxy that answers in place of the host, over TLS.
func (w *recordingServer) proxy(host wire.Host, answer http.HandlerFunc) error {
	certificate, err := selfSigned(host)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	w.certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	through := &tunnels{conns: make(chan net.Conn), closed: make(chan struct{})}
	w.http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked, err := wire.ParseHost("https://" + r.Host)
		switch {
		case r.TLS != nil:
			answer(rw, r)
		case r.Method != http.MethodConnect || err != nil || asked != host:
			http.Error(rw, "this proxy is for one host", http.StatusForbidden)
		default:
			through.open(rw, config)
		}
	})
	go func() { _ = w.http.Serve(through) }()
	return nil
}

// tunnels is a listener of the connections that clients open through the proxy.
type tunnels struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (t *tunnels) open(rw http.ResponseWriter, config *tls.Config) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err == nil {
		select {
		case t.conns <- tls.Server(conn, config):
			return
		case <-t.closed:
		}
	}
	_ = conn.Close()
}

// Accept implements [net.Listener].
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (t *tunnels) Close() error { t.once.Do(func() { close(t.closed) }); return nil }

// Addr implements [net.Listener]. A tunnel has no address.
func (t *tunnels) Addr() net.Addr { return &net.TCPAddr{} }

// selfSigned returns a self-signed certificate for the host.
func selfSigned(host wire.Host) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	name, _, err := net.SplitHostPort(host.Address())
	if err != nil { // the default port
		name = strings.Trim(host.Address(), "[]")
	}
	template := x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour), // the client has the same clock
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func (w *recordingServer) close() { _ = w.http.Close() }

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// digests returns the digests of the tokens that were sent.
func (w *recordingServer) digests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// verified returns an error unless every request had the account's token: the one before the run,
// or the current one.
func (s *setup) verified(ctx context.Context, w *recordingServer, before string) error {
	now, err := s.tokenDigest(ctx)
	if err != nil {
		return err
	}
	sent := w.digests()
	if len(sent) == 0 {
		return errors.New("it sent no request")
	}
	for _, got := range sent {
		if got == sha256Of("") {
			return errors.New("it sent no token")
		}
		if got != before && got != now {
			return fmt.Errorf(
				"it sent something whose SHA-256 is %s, and that of the token of account %q is %s", got, s.Account, now,
			)
		}
	}
	return s.tellVerified(sent[0])
}

func (s *setup) tellVerified(digest string) error {
	return terminal.Write(
		s.Out, fmt.Sprintf("%s sends the token of account %q: the SHA-256 of both is %s\n", s.Client, s.Account, digest),
	)
}

// verifyGet bounds the wait for the account's token.
const verifyGet = 30 * time.Second

// tokenDigest returns the SHA-256 of the token that get would print.
func (s *setup) tokenDigest(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyGet)
	defer cancel()
	answer, err := s.helper(s.wiring).Get(ctx, helper.Request{Account: s.Account})
	if err != nil {
		return "", err
	}
	return sha256Of(answer.Credential.AccessToken.Reveal()), nil
}
