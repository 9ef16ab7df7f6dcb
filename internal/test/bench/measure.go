//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"
)

// A plan selects what to measure.
type plan struct {
	rounds   int
	stresses []int  // how many ask at once
	only     string // a store, or "" for both
}

// A measured is a program and the results of its runs.
type measured struct {
	program program
	counts  counts
	elapsed []float64 // ms, one a round
	cpu     []float64 // ms, user and system
}

// A result holds all results of a benchmark.
type result struct {
	machine  machine
	rounds   int
	size     int64 // of the binary, in bytes
	missing  []string
	programs []*measured
	stresses []stress
}

// A machine describes the computer.
type machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
	Go   string `json:"go"`
}

// bench executes the plan.
func bench(ctx context.Context, p plan, progress io.Writer) (res *result, err error) {
	l, err := openLab(ctx, p.only, progress)
	defer func() {
		if closeErr := l.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return nil, err
	}
	res = &result{machine: machine{runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()}, rounds: p.rounds}
	info, err := os.Stat(l.ours())
	if err != nil {
		return nil, err
	}
	res.size = info.Size()
	if err := res.count(ctx, l, progress); err != nil {
		return nil, err
	}
	if err := res.measure(ctx, progress); err != nil {
		return nil, err
	}
	err = res.measureStress(ctx, l, p.stresses, progress)
	res.missing = l.missing
	return res, err
}

// count finds and checks the programs, and counts everything except time.
func (r *result) count(ctx context.Context, l *lab, progress io.Writer) error {
	say(progress, "counting system calls and messages")
	if _, err := exec.LookPath("strace"); err != nil {
		l.missing = append(l.missing, fmt.Sprintf("system calls: %v", err))
	}
	ours, err := l.ourPrograms(ctx)
	if err != nil {
		return err
	}
	for _, p := range ours {
		if err := p.check(ctx); err != nil {
			return err
		}
	}
	for _, p := range append(ours, l.otherPrograms(ctx)...) {
		c, err := l.count(ctx, p)
		if err != nil {
			return err
		}
		r.programs = append(r.programs, &measured{program: p, counts: c})
	}
	return nil
}

// measure runs every program once a round, in a random order.
func (r *result) measure(ctx context.Context, progress io.Writer) error {
	order := slices.Clone(r.programs)
	for round := range r.rounds {
		if round%50 == 0 {
			say(progress, "round %d of %d, with %d programs each", round+1, r.rounds, len(order))
		}
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] }) //nolint:gosec // no secret
		for _, m := range order {
			if err := ctx.Err(); err != nil {
				return err
			}
			took, err := m.program.once()
			if err != nil {
				return err
			}
			m.elapsed = append(m.elapsed, milliseconds(took.elapsed))
			m.cpu = append(m.cpu, milliseconds(took.cpu))
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// measureStress runs the stress tests.
func (r *result) measureStress(ctx context.Context, l *lab, sizes []int, progress io.Writer) error {
	for _, store := range l.stores {
		for _, token := range []string{valid, expired} {
			for _, size := range sizes {
				say(progress, "a herd of %d, %s token, store %s", size, token, store)
				h, err := l.stress(ctx, size, store, token)
				if err != nil {
					return err
				}
				r.stresses = append(r.stresses, h)
			}
		}
	}
	return nil
}

func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
