package authserver

import (
	"net/http"
	"time"
)

// A dialect holds the differences between the profiles.
type dialect struct {
	routes []route
	// redirectOK checks the redirect URI of an authorization request.
	redirectOK func(uri string) bool
	// sendsIss reports whether authorization responses have iss (RFC 9207).
	sendsIss bool
	// access mints an access token. The caller holds the server's mutex.
	access        func(*Server, *family) string
	refreshPrefix string
	refuse        func(refusal) reply
}

// A route is one endpoint.
type route struct {
	method, path string // below the issuer's path, unless absolute
	absolute     bool
	grant        func(request) string
	// serve answers a request; the caller holds the server's mutex.
	serve func(*Server, request) reply
}

// A refusal is an error answer with a code of RFC 6749 section 5.2 or of OpenAI. The dialect
// formats it.
type refusal struct {
	code, message string
	status        int
}

func invalidRequest(message string) *refusal {
	return &refusal{code: "invalid_request", message: message, status: http.StatusBadRequest}
}

func invalidGrant(message string) refusal {
	return refusal{code: "invalid_grant", message: message, status: http.StatusBadRequest}
}

func always(grant string) func(request) string {
	return func(request) string { return grant }
}

func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range s.dialect.routes {
		path := rt.path
		if !rt.absolute {
			path = s.opts.IssuerPath + path
		}
		mux.Handle(rt.method+" "+path, s.handler(rt))
	}
	mux.Handle(elsewhere, s.handler(route{grant: always(GrantElsewhere), serve: notFound}))
	mux.Handle("/", s.handler(route{grant: always(GrantUnknown), serve: notFound}))
	return mux
}

func notFound(*Server, request) reply { return htmlReply(http.StatusNotFound, "Not Found") }

func (s *Server) handler(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		req, bad := readRequest(hr)
		req.grant = rt.grant(req)
		r, release := s.answer(rt, req, bad)
		if r.held {
			s.hold(hr, r.delay, release)
		}
		w.Header().Set("Date", s.opts.Now().UTC().Format(http.TimeFormat))
		r.deliver(w, s.closing)
	})
}

// answer processes the request, applies the next fault and logs both under one lock: concurrent
// requests are processed one after the other.
func (s *Server) answer(rt route, req request, bad *refusal) (r reply, release <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.remember(req.presented(), req.get("code_verifier"))
	if state := req.get("state"); state != "" {
		s.states = append(s.states, state)
	}
	fault := s.takeFault(req.grant)
	if fault.Kind == "" || fault.AfterProcessing() {
		r = s.process(rt, req, bad)
	}
	r = fault.apply(s, r.noteIssued()).finish()
	s.record(req, r, fault.Kind)
	return r, s.release
}

func (s *Server) process(rt route, req request, bad *refusal) reply {
	if bad != nil {
		return s.dialect.refuse(*bad)
	}
	return rt.serve(s, req)
}

// hold returns on Release, after the delay, or when the client disconnects. A server that closes
// sends no held answer.
func (s *Server) hold(hr *http.Request, delay time.Duration, release <-chan struct{}) {
	var passed <-chan time.Time
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-release:
	case <-passed:
	case <-hr.Context().Done():
	case <-s.closing:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
}
