package main

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// expires lets the token expire in transit: the clocks advance by two hours after the client has
// sent its next request and before the API checks the token.
//
//	expires
func (s *stage) expires(ts *testscript.TestScript, _ []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.before = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ahead += 2 * time.Hour
		if err := s.setClock(); err != nil {
			s.t.Error(err)
		}
	}
}

// converse answers as Anthropic's API does.
func converse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, strings.Replace(claudeAnswer, `"text":"Hello"`, `"text":"`+answerText+`"`, 1))
}
