-- What lessons mean, as vectors of an embeddings model: derived from their content, made beside the tasks,
-- and searched by pgvector where it is installed. The table needs no extension: its columns are plain, and
-- an index for nearest neighbours is made by the store when the first vector of a model arrives.

create table lesson_embeddings (
  tenant text not null,
  agent text not null,
  -- Of the revisions that say so, whichever they are.
  content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
  model text not null,
  dimensions integer not null check (dimensions between 1 and 4000),
  embedding real[] not null check (cardinality(embedding) = dimensions),
  primary key (tenant, content_hash, model, agent),
  foreign key (tenant, agent) references agents
);
-- Vectors do not compress: they are only made larger and slower by trying.
alter table lesson_embeddings alter column embedding set storage external;

alter table lesson_embeddings enable row level security;
alter table lesson_embeddings force row level security;
create policy own_tenant on lesson_embeddings to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert on lesson_embeddings to ratchet_app;

create index lesson_revisions_by_content on lesson_revisions (tenant, content_hash, agent);
