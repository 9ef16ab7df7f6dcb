package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// An api is what clients spend access tokens on. It speaks OpenAI's responses as
// far as the clients need it, and accepts no token but the newest that the
// authorization server issued. It keeps digests, never tokens.
type api struct {
	issuer *authserver.Server
	http   *httptest.Server

	mu      sync.Mutex // guards what follows
	calls   []apiCall
	checked int    // calls that a script has looked at
	refused string // digest of the token that is refused by order
	before  func() // what happens just before the next POST is judged; may be nil
}

// An apiCall is a request as the API saw it.
type apiCall struct {
	path    string
	status  int
	digest  string // SHA-256 of the bearer token; of nothing if there was none
	account string
}

func startAPI(s *stage) *api {
	a := &api{issuer: s.server}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /backend-api/codex/responses", a.guarded(respond))
	mux.HandleFunc("POST /v1/messages", a.guarded(converse))
	mux.HandleFunc("GET /backend-api/codex/models", a.guarded(models))
	a.http = httptest.NewServer(mux)
	s.t.Cleanup(a.http.Close)
	return a
}

// url is the base of the API's addresses.
func (a *api) url() string { return a.http.URL + "/backend-api/codex" }

func (a *api) guarded(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.happen(r.Method)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		status := http.StatusOK
		key := r.Header.Get("X-Api-Key") // clients of Anthropic send both
		if !a.accepts(token) || key != "" && key != token {
			status = http.StatusUnauthorized
		}
		sum := sha256.Sum256([]byte(token))
		a.mu.Lock()
		a.calls = append(a.calls, apiCall{r.URL.Path, status, hex.EncodeToString(sum[:]), r.Header.Get("ChatGPT-Account-Id")})
		a.mu.Unlock()
		if status != http.StatusOK {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":{"message":"the API refuses this token","type":"invalid_request_error","code":"token_expired"}}`))
			return
		}
		answer(w, r)
	}
}

// happen does once what a script ordered to happen while a request is under way.
func (a *api) happen(method string) {
	a.mu.Lock()
	before := a.before
	if method == http.MethodPost {
		a.before = nil
	}
	a.mu.Unlock()
	if before != nil && method == http.MethodPost {
		before()
	}
}

func (a *api) accepts(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	newest := a.newest()
	return a.issuer.Accepts(token) && authserver.Digest(token) == newest && newest != a.refused
}

// newest returns the digest of the access token that was issued last.
func (a *api) newest() string {
	for _, entry := range slices.Backward(a.issuer.Log()) {
		if entry.IssuedAccess != "" {
			return entry.IssuedAccess
		}
	}
	return ""
}

// answerText is what the model of the API always says.
const answerText = "Hello from the API"

// respond answers as a model does, in server-sent events.
func respond(w http.ResponseWriter, _ *http.Request) {
	const message = `{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"` + answerText + `","annotations":[]}]}`
	const usage = `{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":1,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":2}`
	w.Header().Set("Content-Type", "text/event-stream")
	for _, event := range [][2]string{
		{"response.created", `"response":{"id":"resp_1","created_at":1,"model":"m"}`},
		{"response.output_item.added", `"output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}`},
		{"response.output_text.delta", `"output_index":0,"content_index":0,"item_id":"msg_1","delta":"` + answerText + `"`},
		{"response.output_item.done", `"output_index":0,"item":` + message},
		{"response.completed", `"response":{"id":"resp_1","created_at":1,"model":"m","status":"completed","output":[` + message + `],"usage":` + usage + `}`},
	} {
		_, _ = fmt.Fprintf(w, "event: %[1]s\ndata: {\"type\":\"%[1]s\",%[2]s}\n\n", event[0], event[1])
	}
}

func models(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"models":[]}`))
}

// refuse lets the API refuse the newest token until there is a newer one.
//
//	refuse
func (s *stage) refuse(*testscript.TestScript, []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	s.api.refused = s.api.newest()
}

// served wants these statuses of the questions that the API has answered since the
// last served, and the account's id in each that is for ChatGPT.
//
//	served STATUS...
func (s *stage) served(ts *testscript.TestScript, args []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	statuses := make([]string, 0, len(args))
	for _, call := range s.api.calls[s.api.checked:] {
		chatGPT := strings.HasPrefix(call.path, "/backend-api/")
		if strings.HasSuffix(call.path, "/models") {
			continue
		}
		statuses = append(statuses, strconv.Itoa(call.status))
		if chatGPT && call.account != "acct-1" {
			ts.Fatalf("a request came with the account %q", call.account)
		}
	}
	s.api.checked = len(s.api.calls)
	if !slices.Equal(statuses, args) {
		ts.Fatalf("the API answered %q, want %q", statuses, args)
	}
}

// spent wants the API to have accepted that many tokens so far, the last of which
// is the one of the last get.
//
//	spent COUNT
func (s *stage) spent(ts *testscript.TestScript, args []string) {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	accepted := map[string]bool{}
	last := ""
	for _, call := range s.api.calls {
		if call.status == http.StatusOK {
			last = call.digest
			accepted[last] = true
		}
	}
	if got := strconv.Itoa(len(accepted)); got != args[0] {
		ts.Fatalf("the API accepted %s tokens, want %s", got, args[0])
	}
	if last != digestOf(s.lastGet) {
		ts.Fatalf("the API accepted another token than get prints")
	}
}

// clean looks for secrets in directories of others, which must be there.
//
//	clean DIR...
func (s *stage) clean(ts *testscript.TestScript, args []string) {
	for _, dir := range args {
		if leaks := leakscan.Tree(s.secrets(), ts.MkAbs(dir)); len(leaks) > 0 {
			ts.Fatalf("secrets in %s:\n%s", dir, strings.Join(leaks, "\n"))
		}
	}
}
