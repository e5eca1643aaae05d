-- A database per service. In production each has a user of its own as well.
create database consent;
create database scheduling;
create database assessments;
create database reporting;
