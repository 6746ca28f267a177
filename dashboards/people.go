package dashboards

import (
	"context"
	"errors"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"tappa/aggregate"
)

// shownShared bounds the list of shared keys on the page; the API gives all.
const shownShared = 50

type peopleContent struct {
	frame
	Asked    string
	NotFound bool
	Choices  []link // what the text may mean, if it may mean several
	Person   *aggregate.Identity
	Company  *aggregate.AccountIdentity
	Links    []personLink
	Keys     []personKey
	Cases    []personCase
	Shared   []sharedLine // without a question
}

type personLink struct{ A, B, Reason, Counts, First, Last, Shown string }

type personKey struct{ Key, Shared, Interactions, Last string }

type personCase struct{ Href, Short, Subject, Stage, Exit, Opened, Last string }

type sharedLine struct{ Key, Reason, CRM, Email, Phone, Others, Last string }

// peoplePage says whose a contact key is, or lists the keys that several people use. A key is asked for by ?q, or a case's
// person by ?case.
func (s *server) peoplePage(r *request) (string, any, error) {
	f, err := r.frame("people.title")
	if err != nil {
		return "", nil, err
	}
	c := peopleContent{frame: f, Asked: r.values.Get("q")}
	key, err := r.askedKey(&c)
	if err != nil {
		return "", nil, err
	}
	switch {
	case key != "":
		err = r.showKey(&c, key)
	case c.Asked == "":
		err = r.showShared(&c)
	}
	return "people", c, err
}

// askedKey finds the key that the address asks for; "" is none, or several, which are then offered.
func (r *request) askedKey(c *peopleContent) (string, error) {
	if id := r.values.Get("case"); id != "" {
		person, err := r.server.store.PersonOfCase(r.ctx, string(r.journey.ID), id)
		if errors.Is(err, aggregate.ErrNoCase) {
			return "", notFoundError{"case.notfound"}
		}
		return person, err
	}
	found, err := r.server.store.FindKeys(r.ctx, c.Asked, 20)
	if err != nil || c.Asked == "" {
		return "", err
	}
	switch {
	case len(found) == 0:
		c.NotFound = true
		return "", nil
	case len(found) == 1 || found[0] == c.Asked:
		return found[0], nil
	}
	for _, key := range found {
		c.Choices = append(c.Choices, link{Label: key, Href: r.path + "?" + url.Values{"q": {key}, "journey": {string(r.journey.ID)}}.Encode()})
	}
	return "", nil
}

func (r *request) showKey(c *peopleContent, key string) error {
	if aggregate.IsAccount(key) {
		company, err := r.server.store.Account(r.ctx, key)
		if err != nil {
			return err
		}
		company = company.Masked()
		c.Company = &company
		c.Cases = r.personCases(company.Cases)
		return nil
	}
	person, err := r.server.store.Identity(r.ctx, key)
	if errors.Is(err, aggregate.ErrNoKey) {
		c.NotFound = true
		return nil
	}
	if err != nil {
		return err
	}
	person = person.Masked()
	c.Person = &person
	for _, k := range person.Keys {
		line := personKey{Key: k.Key, Shared: k.Shared, Interactions: r.format.Count(int64(k.Interactions)), Last: missing} //nolint:gosec // a number of rows
		if k.Interactions > 0 {
			line.Last = r.format.Time(k.LastAt)
		}
		c.Keys = append(c.Keys, line)
	}
	for _, l := range person.Links {
		line := personLink{A: l.A, B: l.B, Reason: l.Reason, Counts: l.Counts, First: r.format.Time(l.At), Last: missing, Shown: l.Origin + " " + l.ID}
		if l.By != "" {
			line.Shown = l.By + ": " + l.Why
		} else {
			line.Last = r.format.Time(l.LastAt)
		}
		c.Links = append(c.Links, line)
	}
	c.Cases = r.personCases(person.Cases)
	return nil
}

func (r *request) personCases(cases []aggregate.IdentityCase) []personCase {
	var out []personCase
	for _, k := range cases {
		j, err := r.server.findJourney(k.Journey)
		if err != nil {
			continue // a journey that these pages do not show
		}
		stage := k.Stage
		for _, st := range j.Stages {
			if string(st.ID) == k.Stage {
				stage = st.Labels.In(r.lang)
			}
		}
		out = append(out, personCase{
			Href: "/case/" + url.PathEscape(k.CaseID) + "?journey=" + url.QueryEscape(k.Journey), Short: shortID(k.CaseID),
			Subject: k.Subject, Stage: stage, Exit: k.Exit, Opened: r.format.Time(k.OpenedAt), Last: r.format.Time(k.LastAt),
		})
	}
	return out
}

func (r *request) showShared(c *peopleContent) error {
	list, err := r.server.store.SharedKeys(r.ctx, shownShared)
	for _, k := range list {
		line := sharedLine{
			Key: aggregate.MaskKey(k.Key), Reason: k.Reason, CRM: r.format.Count(int64(k.CRM)), Email: r.format.Count(int64(k.Email)), //nolint:gosec // numbers of keys
			Phone: r.format.Count(int64(k.Phone)), Others: r.format.Count(int64(k.Others)), Last: missing, //nolint:gosec // numbers of keys
		}
		if k.LastAt.Unix() > 0 {
			line.Last = r.format.Time(k.LastAt)
		}
		c.Shared = append(c.Shared, line)
	}
	return err
}

// routePeople adds who is who to the API.
func (s *server) routePeople(api huma.API) {
	huma.Register(api, get("find-keys", "/identity", "Contact keys and accounts that a text may mean; masked"), s.apiFindKeys)
	huma.Register(api, get("identity", "/identity/{key}", "Who a contact key belongs to: keys, links and why, cases; masked"), s.apiIdentity)
	huma.Register(api, get("account", "/accounts/{account}", "The persons and cases of a company; masked"), s.apiAccount)
	huma.Register(api, get("shared-keys", "/shared-keys", "Contact keys that connect nobody, because several people use them; masked"), s.apiSharedKeys)
}

func (s *server) apiFindKeys(ctx context.Context, in *struct {
	Text string `query:"q" required:"true" minLength:"1" doc:"An address, a number, a CRM id, a company's domain, or the beginning of an address"`
},
) (*struct{ Body []string }, error) {
	found, err := s.store.FindKeys(ctx, in.Text, 20)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &struct{ Body []string }{Body: []string{}}
	for _, key := range found {
		out.Body = append(out.Body, aggregate.MaskKey(key))
	}
	return out, nil
}

func (s *server) apiIdentity(ctx context.Context, in *struct {
	Key string `path:"key" doc:"A contact key in full, e.g. email:anna@example.com"`
},
) (*struct{ Body aggregate.Identity }, error) {
	found, err := s.store.Identity(ctx, in.Key)
	if errors.Is(err, aggregate.ErrNoKey) {
		return nil, huma.Error404NotFound("there is no contact key \"" + in.Key + "\"; " + apiBase + "/identity?q= finds them")
	}
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body aggregate.Identity }{found.Masked()}, nil
}

func (s *server) apiAccount(ctx context.Context, in *struct {
	Account string `path:"account" doc:"An account, e.g. account:acme.it"`
},
) (*struct{ Body aggregate.AccountIdentity }, error) {
	found, err := s.store.Account(ctx, in.Account)
	if errors.Is(err, aggregate.ErrNoKey) {
		return nil, huma.Error404NotFound("there is no account \"" + in.Account + "\"")
	}
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	return &struct{ Body aggregate.AccountIdentity }{found.Masked()}, nil
}

func (s *server) apiSharedKeys(ctx context.Context, in *struct {
	Limit int `query:"limit" default:"1000" minimum:"1" doc:"How many at most"`
},
) (*struct{ Body []aggregate.SharedKey }, error) {
	list, err := s.store.SharedKeys(ctx, in.Limit)
	if err != nil {
		return nil, s.apiError(ctx, err)
	}
	out := &struct{ Body []aggregate.SharedKey }{Body: append([]aggregate.SharedKey{}, list...)}
	for i := range out.Body {
		out.Body[i].Key = aggregate.MaskKey(out.Body[i].Key)
	}
	return out, nil
}
