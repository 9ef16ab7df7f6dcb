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

	"github.com/codex-cred/codex-cred/helper"
)

// A witness listens on loopback in the place of a client's API, to see whether the
// client sends the token. It keeps digests alone.
type witness struct {
	url string
	// certificate, in PEM, is the one by which a secure witness is known.
	certificate []byte

	http *http.Server

	mu   sync.Mutex // guards seen
	seen []string   // SHA-256 of each bearer token
}

// startWitness answers every request as the run says.
func startWitness(ctx context.Context, run trialRun) (*witness, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	w := &witness{url: "http://" + l.Addr().String()}
	if run.secure {
		certificate, err := selfSigned()
		if err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		w.url = "https://" + l.Addr().String()
		w.certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	}
	w.http = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.mu.Lock()
		w.seen = append(w.seen, sha256Of(token))
		w.mu.Unlock()
		rw.Header().Set("Content-Type", run.contentType)
		_, _ = io.WriteString(rw, run.answer)
	})}
	go func() { _ = w.http.Serve(l) }()
	return w, nil
}

// selfSigned returns a certificate for this computer that nobody else trusts.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), // the client's clock is the system's
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func (w *witness) close() { _ = w.http.Close() }

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// digests returns those of the tokens that were sent.
func (w *witness) digests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// verified tells whether all that the client sent was the token of the account, the
// one of before or the one of now.
func (s *setup) verified(ctx context.Context, w *witness, before string) error {
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
			return fmt.Errorf("it sent something whose SHA-256 is %s, and that of the token of account %q is %s", got, s.Account, now)
		}
	}
	return s.tellVerified(sent[0])
}

func (s *setup) tellVerified(digest string) error {
	return write(s.stdout, fmt.Sprintf("%s sends the token of account %q: the SHA-256 of both is %s\n", s.Client, s.Account, digest))
}

// verifyGet bounds how long the token may take with which the client's is compared.
const verifyGet = 30 * time.Second

// tokenDigest returns the SHA-256 of the token that a get would print.
func (s *setup) tokenDigest(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyGet)
	defer cancel()
	answer, err := s.helper(s.wiring).Get(ctx, helper.Request{Account: s.Account})
	if err != nil {
		return "", err
	}
	return sha256Of(answer.Credential.AccessToken.Reveal()), nil
}
