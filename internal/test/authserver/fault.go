package authserver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of faults. "Instead" means that the request is not processed: no token is spent and none
// issued. "After" means that it is processed and then the answer is damaged.
const (
	DropBefore = "drop-before" // instead: the connection is closed without an answer
	DropAfter  = "drop-after"  // after: the same
	Delay      = "delay"       // after: the answer is held until Release, or for Fault.Delay
	Redirect   = "redirect"    // instead: 307 to another path of this server, logged as GrantElsewhere

	Status403 = "403" // instead: a page of HTML
	Status404 = "404" // instead: the same
	Status408 = "408" // instead: the same
	Status429 = "429" // instead: the same, with Retry-After if Fault.RetryAfter is not 0
	Status500 = "500" // instead: the same
	Status502 = "502" // after: the same; a gateway lost the answer
	Status503 = "503" // instead: the same, with Retry-After if Fault.RetryAfter is not 0

	Truncated      = "truncated"       // after: half the body, then the connection is closed
	TruncatedClose = "truncated-close" // after: the same without a Content-Length, so that only the JSON shows it
	HTML200        = "html-200"        // after: a page of HTML with status 200
	Oversized      = "oversized"       // after: a body of more than 1 MiB that is right otherwise

	NoExpiresIn    = "no-expires-in"    // after: the member is missing
	NoRefreshToken = "no-refresh-token" // after: the member is missing
	NoAccessToken  = "no-access-token"  // after: the member is missing
	NoIDToken      = "no-id-token"      // after: the member is missing
	WrongTokenType = "wrong-token-type" // after: token_type is "mac"
	OtherUser      = "other-user"       // after: the id_token is somebody else's

	InvalidGrant            = "invalid-grant"             // instead: 400 in the form of RFC 6749 section 5.2, in both profiles
	RefreshTokenExpired     = "refresh_token_expired"     // instead: 401 with OpenAI's error object
	RefreshTokenReused      = "refresh_token_reused"      // instead: 401 with OpenAI's error object
	RefreshTokenInvalidated = "refresh_token_invalidated" // instead: 401 with OpenAI's error object
	TokenExpired            = "token_expired"             // instead: 401 with OpenAI's error object
	AppSessionTerminated    = "app_session_terminated"    // instead: 400 with OpenAI's error object
	SlowDown                = "slow_down"                 // instead: 400 as RFC 8628 section 3.5 has it

	WrongState   = "wrong-state"   // after: the authorization response has another state
	NoIss        = "no-iss"        // after: the authorization response has no iss
	WrongIss     = "wrong-iss"     // after: the authorization response has another iss
	AccessDenied = "access-denied" // after: the authorization response has an error and no code

	WrongIssuer = "wrong-issuer" // after: the metadata is another issuer's
)

// Forever is the value of [Fault.Times] for a fault without end.
const Forever = -1

// A Fault is a failure that a test orders. Faults wait in a queue; each request takes the first one
// for its grant.
type Fault struct {
	// Kind is one of the constants.
	Kind string
	// Grant limits the fault to one grant; empty means every grant of its kind.
	Grant string
	// Times is the number of requests; 0 is one, Forever all.
	Times int
	// Delay is how long Kind Delay holds the answer; 0 is until Release.
	Delay time.Duration
	// RetryAfter is the header of that name, in seconds; 0 is none.
	RetryAfter int
}

// AfterProcessing reports whether the request is processed before the fault: then the presented
// token is spent although the client gets no valid answer.
func (f Fault) AfterProcessing() bool { return kinds()[f.Kind].after }

// Kinds returns every kind, in order.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds())) }

// Fail queues a fault. An unknown kind or grant, or a kind that does not apply to the grant, is an
// error.
func (s *Server) Fail(f Fault) error {
	k, ok := kinds()[f.Kind]
	if !ok {
		return fmt.Errorf("order a fault: unknown kind %q", f.Kind)
	}
	if f.Grant != "" && !k.hits(f.Grant) {
		return fmt.Errorf("order a fault: %s cannot happen to grant %q", f.Kind, f.Grant)
	}
	if f.Times < Forever {
		return fmt.Errorf("order a fault: it cannot happen %d times", f.Times)
	}
	f.Times = or(f.Times, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return nil
}

// Heal removes all queued faults and returns their number.
func (s *Server) Heal() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.faults)
	s.faults = nil
	return n
}

// Release sends the answers that the fault Delay holds. It does not affect later ones: see
// [Server.Wait].
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

// takeFault returns the fault for a request of the grant, or the zero Fault.
// The caller holds s.mu.
func (s *Server) takeFault(grant string) Fault {
	i := slices.IndexFunc(s.faults, func(f Fault) bool {
		return f.Grant == grant || f.Grant == "" && kinds()[f.Kind].hits(grant)
	})
	if i < 0 {
		return Fault{}
	}
	f := s.faults[i]
	if f.Times > 0 {
		s.faults[i].Times--
	}
	if s.faults[i].Times == 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return f
}

// apply returns the reply after the fault.
func (f Fault) apply(s *Server, r reply) reply {
	if f.Kind == "" {
		return r
	}
	r = kinds()[f.Kind].spoil(s, r)
	if r.held {
		r.delay = f.Delay
	}
	if f.RetryAfter > 0 {
		r = r.with("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	return r
}

// ParseFault parses a fault: its kind, then any of grant=, times=, delay= and retry-after=, as in
// "503 grant=refresh_token times=2 retry-after=30". [Server.Fail] checks kind and grant.
func ParseFault(text string) (Fault, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return Fault{}, fmt.Errorf("parse a fault: there is no kind")
	}
	f := Fault{Kind: words[0]}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		var err error
		switch name {
		case "grant":
			f.Grant = value
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		case "retry-after":
			f.RetryAfter, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("unknown word")
		}
		if err != nil {
			return Fault{}, fmt.Errorf("parse a fault: %q: %w", word, err)
		}
	}
	return f, nil
}
