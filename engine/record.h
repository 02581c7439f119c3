/* record.h - the verbs of record; each gets argv with its own name first and returns the exit
 * status. */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

int record_new(int argc, char **argv);
int record_put(int argc, char **argv);
int record_find(int argc, char **argv);
int record_lock(int argc, char **argv);
int record_await(int argc, char **argv);
int record_attend(int argc, char **argv);
int record_status(int argc, char **argv);
int record_ls(int argc, char **argv);
int record_inspect(int argc, char **argv);
int record_network(int argc, char **argv);
int record_rename(int argc, char **argv);
int record_ended(int argc, char **argv);
int record_rm(int argc, char **argv);

#endif
