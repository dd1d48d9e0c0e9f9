//! People: the first table of `migrations/institution/0310_people.sql`.

use super::{Answer, instant};
use crate::{Error, Login, PeopleQuery, Person, PersonId, PersonName};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

const PERSON: &str = "p.id, p.login, p.name, p.roles, p.office, p.created_at, p.disabled_at";

/// Adds a person; `false` if the login is taken.
pub async fn insert_person(conn: &mut AnyConnection, person: &Person) -> Answer<bool> {
    let done = sqlx::query(
        "INSERT INTO access_person (id, login, name, roles, office, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(person.id.as_str())
    .bind(person.login.as_str())
    .bind(person.name.as_str())
    .bind(person.roles.to_string())
    .bind(person.office.clone())
    .bind(person.created_at.as_second())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Everybody, the oldest first, leavers too.
pub async fn people(conn: &mut AnyConnection) -> Answer<Vec<Person>> {
    let text = format!("SELECT {PERSON} FROM access_person p ORDER BY p.created_at, p.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(conn).await?;
    rows.iter().map(person).collect()
}

/// Whom a query means; `$1` is the login behind which a page begins.
const MEANT: &str = "p.login > $1 \
     AND ($2 = '' OR p.login LIKE $3 ESCAPE '!' OR p.name LIKE $2 ESCAPE '!') \
     AND ($4 = '' OR (',' || p.roles || ',') LIKE $4 ESCAPE '!') \
     AND ($5 = '*' OR COALESCE(p.office, '') = $5) \
     AND ($6 = 2 OR (CASE WHEN p.disabled_at IS NULL THEN 0 ELSE 1 END) = $6)";

type Statement<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn meant<'q>(statement: Statement<'q>, query: &PeopleQuery, after: &str) -> Statement<'q> {
    let typed = match query.text.trim() {
        "" => String::new(),
        text => format!("%{}%", literal(text)),
    };
    let role = query.role.map(|role| format!("%,{},%", literal(role.name())));
    let lower = typed.to_ascii_lowercase();
    statement
        .bind(after.to_owned())
        .bind(typed)
        .bind(lower)
        .bind(role.unwrap_or_default())
        .bind(query.office.clone().unwrap_or_else(|| "*".to_owned()))
        .bind(query.disabled.map_or(2, i64::from))
}

/// Whom a query means, by login, from behind a login.
pub async fn find_people(conn: &mut AnyConnection, query: &PeopleQuery) -> Answer<Vec<Person>> {
    let text = format!(
        "SELECT {PERSON} FROM access_person p WHERE {MEANT} ORDER BY p.login LIMIT $7 OFFSET $8"
    );
    let rows = meant(sqlx::query(sqlx::AssertSqlSafe(text)), query, &query.after)
        .bind(i64::from(query.limit))
        .bind(i64::from(query.skip))
        .fetch_all(conn)
        .await?;
    rows.iter().map(person).collect()
}

/// How many a query means, wherever its page begins.
pub async fn count_people(conn: &mut AnyConnection, query: &PeopleQuery) -> Answer<u64> {
    let text = format!("SELECT COUNT(*) FROM access_person p WHERE {MEANT}");
    let row = meant(sqlx::query(sqlx::AssertSqlSafe(text)), query, "").fetch_one(conn).await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

/// Letters that mean more than themselves in a pattern, as themselves.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if matches!(letter, '!' | '%' | '_') {
            out.push('!');
        }
        out.push(letter);
    }
    out
}

/// One person.
pub async fn person_by_id(conn: &mut AnyConnection, id: &PersonId) -> Answer<Option<Person>> {
    let text = format!("SELECT {PERSON} FROM access_person p WHERE p.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(person).transpose()
}

/// The person of a login, also after leaving.
pub async fn person_by_login(conn: &mut AnyConnection, login: &Login) -> Answer<Option<Person>> {
    let text = format!("SELECT {PERSON} FROM access_person p WHERE p.login = $1");
    let row =
        sqlx::query(sqlx::AssertSqlSafe(text)).bind(login.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(person).transpose()
}

/// Sets roles, office and the end of a person, as they are in `person`.
pub async fn update_person(conn: &mut AnyConnection, person: &Person) -> Answer<()> {
    sqlx::query("UPDATE access_person SET roles = $1, office = $2, disabled_at = $3 WHERE id = $4")
        .bind(person.roles.to_string())
        .bind(person.office.clone())
        .bind(person.disabled_at.map(Timestamp::as_second))
        .bind(person.id.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads the columns of [`PERSON`].
pub(super) fn person(row: &AnyRow) -> Answer<Person> {
    let text = |column: &str| -> Answer<String> { Ok(row.try_get(column)?) };
    let wrong = Error::Stored;
    let disabled: Option<i64> = row.try_get("disabled_at")?;
    Ok(Person {
        id: text("id")?.parse().map_err(|_| wrong("人员编号"))?,
        login: text("login")?.parse().map_err(|_| wrong("登录名"))?,
        name: PersonName::kept(text("name")?),
        roles: text("roles")?.parse().map_err(|_| wrong("人员角色"))?,
        office: row.try_get("office")?,
        created_at: instant(row.try_get("created_at")?)?,
        disabled_at: disabled.map(instant).transpose()?,
    })
}
