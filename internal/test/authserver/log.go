package authserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Values of [Entry.Grant] and [Fault.Grant]: what a request asks for.
const (
	GrantAuthorize   = "authorize"          // the authorization endpoint
	GrantCode        = "authorization_code" // a code for tokens
	GrantRefresh     = "refresh_token"      // a rotation
	GrantRevoke      = "revoke"             // the revocation endpoint
	GrantDevice      = "device"             // the start of a device flow
	GrantDeviceToken = "device_token"       // a poll of a device flow
	GrantDevicePage  = "device_page"        // the page for approval
	GrantMetadata    = "metadata"           // metadata of RFC 8414 or OpenID
	GrantElsewhere   = "elsewhere"          // the target of the fault "redirect"
	GrantUnknown     = "unknown"            // anything else
)

// grants returns all of them.
func grants() []string {
	return []string{
		GrantAuthorize, GrantCode, GrantRefresh, GrantRevoke, GrantDevice, GrantDeviceToken,
		GrantDevicePage, GrantMetadata, GrantElsewhere, GrantUnknown,
	}
}

// An Entry is one request. It holds no secret.
type Entry struct {
	Time        time.Time
	Method      string
	Path        string
	ContentType string
	UserAgent   string
	Grant       string
	// Presented is the Digest of the token or code in the request.
	Presented string
	// IssuedRefresh and IssuedAccess are Digests of the issued tokens, even if the answer was
	// dropped.
	IssuedRefresh string
	IssuedAccess  string
	// Status is the status sent; 0 if the connection was closed without an answer.
	Status int
	// Fault is the kind of the fault that was applied, or empty.
	Fault string
	// Generation is that of the family after the request; 0 if there is none.
	Generation int
}

// Digest returns the first 16 hexadecimal digits of the secret's SHA-256, for an Entry. The digest
// of "" is "".
func Digest(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])[:16]
}

// Log returns the requests in the order in which they were processed.
func (s *Server) Log() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.log...)
}

// Count returns the number of requests of the grant, whether or not they were
// answered.
func (s *Server) Count(grant string) int {
	n, _ := s.count(grant)
	return n
}

// Wait returns when the server has processed n requests of the grant, or when ctx is done. Their
// answers may still be on the way or held.
func (s *Server) Wait(ctx context.Context, grant string, n int) error {
	for {
		have, logged := s.count(grant)
		if have >= n {
			return nil
		}
		select {
		case <-logged:
		case <-ctx.Done():
			return fmt.Errorf("wait for request %d of grant %s: %w", n, grant, ctx.Err())
		}
	}
}

// count also returns a channel that is closed at the next entry.
func (s *Server) count(grant string) (n int, logged <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.log {
		if e.Grant == grant {
			n++
		}
	}
	return n, s.logged
}

// record adds an entry. The caller holds s.mu.
func (s *Server) record(req request, r reply, fault string) {
	e := Entry{
		Time: s.opts.Now(), Method: req.http.Method, Path: req.http.URL.Path,
		ContentType: req.http.Header.Get("Content-Type"), UserAgent: req.http.UserAgent(),
		Grant: req.grant, Presented: Digest(req.presented()),
		IssuedRefresh: r.issued.refresh, IssuedAccess: r.issued.access,
		Status: r.status, Fault: fault,
	}
	if r.delivery == deliverNone {
		e.Status = 0
	}
	if r.family != nil {
		e.Generation = r.family.generation
	}
	s.log = append(s.log, e)
	close(s.logged)
	s.logged = make(chan struct{})
}
