//! IR rewriting that gives functions an entry counter.
