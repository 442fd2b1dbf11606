//! The problem types: every refusal of the API, each with a page in `openapi/problems/`.

use crate::kit::lang::Bi;

/// A kind of refusal: the `type`, `code`, `title` and `status` of a problem (RFC 9457).
#[derive(Debug)]
pub struct ProblemType {
    /// `/problems/{slug}` and `code`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// `title`.
    pub title: Bi,
    /// `resolution`: who can act, and what to do; `None` where nobody can.
    pub resolution: Option<Resolution>,
    /// The page, Markdown.
    pub page: &'static str,
}

/// Who can act on a problem, and how.
#[derive(Debug)]
pub struct Resolution {
    /// Code of a role, `authorised_role` where it depends on the action, or `client`, or `operator`.
    pub actor: &'static str,
    /// What to do.
    pub action: Bi,
}

/// Declares the catalogue: `NAME "slug" status, "заголовок", "title", actor, "что сделать", "what to do";`
macro_rules! problems {
    ($($name:ident $slug:literal $status:literal, $ru:literal, $en:literal, $actor:literal, $do_ru:literal, $do_en:literal;)+) => {
        $(
            #[doc = $en]
            pub static $name: ProblemType = ProblemType {
                slug: $slug,
                status: $status,
                title: Bi::fixed($ru, $en),
                resolution: Some(Resolution { actor: $actor, action: Bi::fixed($do_ru, $do_en) }),
                page: include_str!(concat!("../openapi/problems/", $slug, ".md")),
            };
        )+
        /// Every problem type, in the order of this file.
        pub static ALL: &[&ProblemType] = &[$(&$name),+];
    };
}

problems! {
    // Protocol
    MALFORMED_REQUEST "malformed-request" 400, "Запрос составлен неверно", "The request is malformed", "client", "Исправьте места, названные в errors, и повторите запрос.", "Correct the places named in errors and repeat the request.";
    UNAUTHENTICATED "unauthenticated" 401, "Требуется вход в систему", "Sign in first", "client", "Войдите через POST /api/v1/auth/login и передайте токен в заголовке Authorization; истёкший токен обновите через POST /api/v1/auth/refresh.", "Sign in by POST /api/v1/auth/login and send the token in the Authorization header; renew an expired token by POST /api/v1/auth/refresh.";
    FORBIDDEN "forbidden" 403, "Недостаточно прав", "Your role may not do this", "authorised_role", "Обратитесь к тому, чья роль допускает это действие: руководителю отдела или школы либо администратору.", "Ask somebody whose role may do this: the head of the department or of the school, or an administrator.";
    PASSWORD_CHANGE_REQUIRED "password-change-required" 403, "Необходимо сменить одноразовый пароль", "The one-time password must be changed first", "client", "Смените пароль через POST /api/v1/me/password.", "Change the password by POST /api/v1/me/password.";
    READ_ONLY_ACCOUNT "read-only-account" 403, "Учётная запись только для чтения", "The account is read-only", "municipal_head", "Школа закрыта; обратитесь в отдел образования.", "The school is closed; ask the education department.";
    NOT_FOUND "not-found" 404, "Не найдено", "Not found", "client", "Проверьте адрес и идентификатор.", "Check the address and the identifier.";
    METHOD_NOT_ALLOWED "method-not-allowed" 405, "Метод не поддерживается", "The method is not allowed here", "client", "Используйте методы, перечисленные в заголовке Allow.", "Use the methods listed in the Allow header.";
    NOT_ACCEPTABLE "not-acceptable" 406, "Запрошенный формат недоступен", "The requested format is not available", "client", "Запросите application/json.", "Ask for application/json.";
    REQUEST_TIMEOUT "request-timeout" 408, "Тело запроса не получено вовремя", "The body did not arrive in time", "client", "Повторите запрос с тем же Idempotency-Key.", "Repeat the request with the same Idempotency-Key.";
    STALE "stale" 412, "Данные изменились", "The resource has changed meanwhile", "client", "Прочитайте ресурс снова и повторите изменение с новым ETag.", "Read the resource again and repeat the change with the new ETag.";
    TOO_LARGE "too-large" 413, "Тело запроса слишком велико", "The body is too large", "client", "Уменьшите запрос до 1 МиБ.", "Keep the request within 1 MiB.";
    FILE_TOO_LARGE "file-too-large" 413, "Файл слишком велик", "The file is too large", "client", "Уменьшите файл: предел назван в detail.", "Make the file smaller: detail names the limit.";
    HEAD_TOO_LARGE "head-too-large" 431, "Заголовки запроса слишком велики", "The header fields are too large", "client", "Уменьшите заголовки запроса до 16 КиБ.", "Keep the header fields within 16 KiB.";
    STORAGE_FULL "storage-full" 507, "Закончилось место на диске", "There is no space left on the disk", "operator", "Сообщите оператору службы: нужно освободить место на диске.", "Tell the operator of the service: the disk needs space.";
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" 415, "Тип содержимого не поддерживается", "The media type is not supported", "client", "Отправьте application/json без сжатия.", "Send application/json without compression.";
    FOREIGN_HOST "foreign-host" 421, "Этот адрес здесь не обслуживается", "This host is not served here", "operator", "Проверьте имя узла в запросе.", "Check the host name of the request.";
    INVALID "invalid" 422, "Данные не прошли проверку", "Some values are invalid", "client", "Исправьте места, названные в errors.", "Correct the places named in errors.";
    IDEMPOTENCY_KEY_REUSED "idempotency-key-reused" 422, "Ключ идемпотентности уже использован для другого запроса", "The idempotency key was used for another request", "client", "Возьмите новый Idempotency-Key.", "Use a new Idempotency-Key.";
    IDEMPOTENCY_KEY_IN_USE "idempotency-key-in-use" 409, "Запрос с этим ключом ещё выполняется", "A request with this key is still running", "client", "Повторите запрос через время, указанное в Retry-After.", "Repeat after the time given in Retry-After.";
    SECRET_SHOWN_ONCE "secret-shown-once" 409, "Секрет уже был показан", "The secret was already shown", "client", "Создайте новый секрет: прежний ответ не хранится.", "Make a new secret: the earlier answer is not kept.";
    PRECONDITION_REQUIRED "precondition-required" 428, "Требуется заголовок If-Match", "If-Match is required", "client", "Прочитайте ресурс и передайте его ETag в If-Match.", "Read the resource and send its ETag in If-Match.";
    TOO_MANY_REQUESTS "too-many-requests" 429, "Слишком много запросов", "Too many requests", "client", "Повторите запрос через время, указанное в Retry-After.", "Repeat after the time given in Retry-After.";
    UNAVAILABLE "unavailable" 503, "Служба временно недоступна", "The service is busy", "client", "Повторите запрос через время, указанное в Retry-After.", "Repeat after the time given in Retry-After.";
    INTERNAL "internal" 500, "Внутренняя ошибка", "Internal error", "operator", "Сообщите оператору request_id: по нему найдётся запись в журнале.", "Tell the operator the request_id: the log line is found by it.";
    FILE_DAMAGED "file-damaged" 500, "Файл в хранилище повреждён или утрачен", "The stored file is damaged or lost", "operator", "Сообщите оператору службы: файл восстанавливают из резервной копии.", "Tell the operator of the service: the file is restored from a backup.";
    FEED_PURGED "feed-purged" 410, "Эти изменения в ленте больше не хранятся", "These changes are no longer kept in the feed", "client", "Получите выгрузку через GET /api/v1/export и читайте ленту дальше с номера seq, указанного в её первой строке.", "Take an export by GET /api/v1/export and follow the feed from the seq that its first line states.";
    FEED_RESTARTED "feed-restarted" 410, "Нумерация ленты начата заново", "The numbers of the feed began anew", "client", "Отбросьте сохранённый номер, получите выгрузку через GET /api/v1/export и читайте ленту дальше с номера seq, указанного в её первой строке.", "Forget the number that you kept, take an export by GET /api/v1/export and follow the feed from the seq that its first line states.";
    // Accounts
    LOGIN_FAILED "login-failed" 401, "Неверный логин или пароль", "Wrong login or password", "client", "Проверьте логин и пароль или обратитесь за сбросом пароля.", "Check login and password, or ask for a password reset.";
    LOGIN_TAKEN "login-taken" 409, "Логин занят", "The login is taken", "client", "Выберите другой логин.", "Choose another login.";
    ACCOUNT_STATE "account-state" 409, "Состояние учётной записи не допускает этого", "The state of the account does not allow this", "municipal_head", "Посмотрите actions учётной записи.", "See the account's actions.";
    // Service clients
    INVALID_CLIENT "invalid-client" 401, "Клиент не опознан", "The client is not known", "client", "Проверьте client_id и client_secret; действующий секрет выдаёт администратор.", "Check client_id and client_secret; an administrator gives a secret that is in force.";
    INVALID_SCOPE "invalid-scope" 400, "Запрошены недоступные права", "The scope is not granted", "client", "Запросите только права, выданные клиенту, или не передавайте scope.", "Ask only for scopes granted to the client, or leave scope out.";
    UNSUPPORTED_GRANT_TYPE "unsupported-grant-type" 400, "Способ получения токена не поддерживается", "The grant type is not supported", "client", "Передайте grant_type=client_credentials.", "Send grant_type=client_credentials.";
    CLIENT_EXISTS "client-exists" 409, "Клиент с таким названием уже есть", "A client of this name exists already", "admin", "Выберите другое название или используйте существующего клиента.", "Choose another name, or use the existing client.";
    CLIENT_SECRETS_FULL "client-secrets-full" 409, "У клиента уже пять действующих секретов", "The client has five secrets in force already", "admin", "Удалите секрет, который больше не используется: смотрите last_used_at.", "Remove a secret that is no longer used: see last_used_at.";
    // Webhooks
    WEBHOOKS_FULL "webhooks-full" 409, "У клиента уже двадцать веб-хуков", "The client has twenty webhooks already", "client", "Удалите веб-хук, который больше не нужен.", "Remove a webhook that is no longer needed.";
    WEBHOOK_STATE "webhook-state" 409, "Состояние веб-хука не допускает этого", "The state of the webhook does not allow this", "client", "Включите веб-хук через POST /api/v1/webhooks/{id}/enable.", "Enable the webhook by POST /api/v1/webhooks/{id}/enable.";
    // Municipalities and schools
    MUNICIPALITY_EXISTS "municipality-exists" 409, "Такой муниципалитет уже есть", "The municipality exists already", "admin", "Используйте существующую запись.", "Use the existing one.";
    SCHOOL_EXISTS "school-exists" 409, "Школа с таким названием, ИНН или ОГРН уже есть", "A school of this name, INN or OGRN exists already", "municipal_officer", "Используйте существующую запись школы.", "Use the existing school.";
    OGRN_REGISTERED_ELSEWHERE "ogrn-registered-elsewhere" 409, "ИНН или ОГРН уже зарегистрирован", "The INN or OGRN is registered elsewhere", "admin", "Проверьте ИНН и ОГРН; передать школу может администратор.", "Check INN and OGRN; an administrator can transfer a school.";
    SCHOOL_BUSY "school-busy" 409, "У школы есть незавершённая работа", "The school has unfinished work", "municipal_officer", "Завершите отчёт и мониторинг школы или исключите школу из мониторинга.", "Finish the school's report and monitoring, or release the school from it.";
    SCHOOL_CLOSED "school-closed" 409, "Школа закрыта", "The school is closed", "municipal_officer", "Работайте с действующей школой.", "Work with an active school.";
    // Orders and lists
    ORDER_EXISTS "order-exists" 409, "Такой приказ уже внесён", "The order exists already", "municipal_officer", "Используйте существующий приказ.", "Use the existing order.";
    ORDER_NOT_DRAFT "order-not-draft" 409, "Приказ уже не проект", "The order is no longer a draft", "municipal_head", "Внесите новый приказ: зарегистрированный и отменённый не изменяются.", "Enter a new order: a registered or repealed one is immutable.";
    ORDER_NOT_REGISTERED "order-not-registered" 409, "Приказ не зарегистрирован или уже отменён", "The order is not registered, or is repealed", "municipal_head", "Зарегистрируйте проект приказа или укажите действующий приказ.", "Register the draft, or name an order in force.";
    ORDER_IN_USE "order-in-use" 409, "На приказ ссылаются другие документы", "Other documents refer to the order", "municipal_officer", "Сначала измените эти документы.", "Change those documents first.";
    SUPPORT_LIST_STATE "support-list-state" 409, "Состояние перечня не допускает этого", "The state of the list does not allow this", "municipal_head", "Посмотрите actions перечня.", "See the list's actions.";
    SUPPORT_LIST_EMPTY "support-list-empty" 409, "В перечне нет школ", "The list has no schools", "municipal_officer", "Внесите школы в перечень.", "Add schools to the list.";
    SUPPORT_LIST_IN_USE "support-list-in-use" 409, "Перечень используется в мониторинге", "A monitoring uses the list", "municipal_officer", "Завершите или отмените идущий мониторинг; ненужный проект перечня отмените, а не удаляйте.", "Complete or cancel the monitoring that runs; cancel a draft that is not needed instead of deleting it.";
    ENTRY_EXISTS "entry-exists" 409, "У школы уже есть запись в перечне", "The list has an entry of the school already", "municipal_officer", "Используйте существующую запись: в проекте перечня её можно изменить.", "Use the existing entry: it can be changed while the list is a draft.";
    ENTRY_EXCLUDED "entry-excluded" 409, "Школа уже исключена из перечня", "The school was excluded already", "municipal_officer", "Изменять больше нечего.", "There is nothing left to change.";
    // Indicators
    INDICATOR_EXISTS "indicator-exists" 409, "Показатель с таким кодом уже есть", "An indicator with this code exists already", "municipal_officer", "Выберите другой код или используйте существующий показатель.", "Choose another code, or use the existing indicator.";
    VALUE_FROM_REPORT "value-from-report" 409, "Значение взято из принятого отчёта", "The value was told in an accepted report", "municipal_officer", "Верните на доработку отчёт, в котором число неверно; отчёт, закреплённый подписанной справкой, не возвращается. Целевой и исходный уровни можно изменить, не меняя числа.", "Return the report whose number is wrong; one that a signed note holds is not returned. Target and baseline can be changed while the number stays.";
    // Road maps
    TEMPLATE_EXISTS "template-exists" 409, "Такая версия шаблона уже есть", "The template version exists already", "municipal_officer", "Возьмите за основу последнюю версию.", "Base the new version on the latest one.";
    ROAD_MAP_STATE "road-map-state" 409, "Состояние дорожной карты не допускает этого", "The state of the road map does not allow this", "municipal_head", "Посмотрите actions дорожной карты.", "See the road map's actions.";
    ROAD_MAP_NOT_READY "road-map-not-ready" 409, "Дорожная карта не готова к утверждению", "The road map is not ready for approval", "municipal_officer", "Устраните причины из blocked_by.", "Remove the causes in blocked_by.";
    ROAD_MAP_IN_USE "road-map-in-use" 409, "Дорожная карта используется в мониторинге", "A monitoring uses the road map", "municipal_officer", "Дождитесь завершения мониторинга; в запланированном укажите другую карту.", "Let the monitoring be completed; name another map in a planned one.";
    AMENDMENT_EXISTS "amendment-exists" 409, "Новая редакция уже готовится", "An amendment is in work already", "municipal_officer", "Продолжите работу с существующим проектом.", "Go on with the existing draft.";
    MEASURE_EXISTS "measure-exists" 409, "Мероприятие с таким кодом уже есть", "A measure with this code exists already", "municipal_officer", "Выберите другой код.", "Choose another code.";
    // Imports
    IMPORT_SHRINKS "import-shrinks" 409, "Загрузка удалит или изменит больше пятой части записей", "The import would remove or change more than a fifth of the entries", "municipal_officer", "Проверьте, полон ли файл; если всё верно, повторите загрузку с force и reason.", "Check whether the file is complete; if all is right, repeat the import with force and reason.";
    // Monitorings and reports
    MONITORING_STATE "monitoring-state" 409, "Состояние мониторинга не допускает этого", "The state of the monitoring does not allow this", "municipal_officer", "Посмотрите actions мониторинга.", "See the monitoring's actions.";
    MONITORING_NOT_READY "monitoring-not-ready" 409, "Мониторинг пока нельзя перевести дальше", "The monitoring cannot go on yet", "municipal_officer", "Устраните причины из blocked_by.", "Remove the causes in blocked_by.";
    SCHOOL_IN_MONITORING "school-in-monitoring" 409, "Школа уже внесена в мониторинг", "The school is in the monitoring already", "municipal_officer", "Работайте с имеющимся отчётом школы; освобождённую школу вернуть нельзя.", "Work with the school's report; a released school cannot come back.";
    REPORT_NOT_EDITABLE "report-not-editable" 409, "Отчёт сейчас нельзя изменять", "The report cannot be changed now", "municipal_officer", "Изменять можно проект и возвращённый отчёт.", "A draft and a returned report can be changed.";
    REPORT_STATE "report-state" 409, "Состояние отчёта не допускает этого", "The state of the report does not allow this", "municipal_officer", "Посмотрите actions отчёта.", "See the report's actions.";
    COLLECTION_CLOSED "collection-closed" 409, "Сбор отчётов закрыт", "The collection of reports is closed", "municipal_officer", "Попросите отдел образования продлить срок.", "Ask the department for an extension.";
    OWN_REPORT "own-report" 409, "Отчёт принимает не тот, кто его представил", "Who submitted a report cannot accept it", "municipal_head", "Принять отчёт должен другой сотрудник.", "Somebody else must accept the report.";
    EVIDENCE_QUOTA "evidence-quota" 409, "Исчерпан объём файлов отчёта", "The report's room for files is used up", "school_head", "Удалите лишние файлы или приложите ссылки на документы.", "Remove files that are not needed, or attach links to the documents.";
    REMARKS_OPEN "remarks-open" 409, "На замечания ещё нет ответа", "Some remarks are not answered yet", "school_head", "Ответьте на замечания, названные в errors, через POST /api/v1/remarks/{id}/answer.", "Answer the remarks named in errors by POST /api/v1/remarks/{id}/answer.";
    MERGE_CONFLICT "merge-conflict" 409, "Отчёт тем временем изменил кто-то другой", "Somebody else has changed the report meanwhile", "client", "Покажите человеку оба значения из conflicts и пришлите выбранное с base_version, равным current_version, а поля, которых человек не менял, возьмите из current; остальное можно записать сразу с on_conflict: skip.", "Show a person both values in conflicts and send the chosen one with current_version as base_version, and take from current the fields that he did not change; the rest can be stored at once with on_conflict: skip.";
    REMARK_STATE "remark-state" 409, "Состояние замечания не допускает этого", "The state of the remark does not allow this", "municipal_officer", "Посмотрите actions замечания; к отчёту можно сделать новое.", "See the remark's actions; a new one can be written on the report.";
    PERSONAL_DATA_SUSPECTED "personal-data-suspected" 422, "Похоже на персональные данные", "This looks like personal data", "client", "Удалите персональные данные из текстов, названных в errors, либо подтвердите, что они нужны, полем personal_data_confirmed.", "Take the personal data out of the texts named in errors, or confirm by personal_data_confirmed that they are needed.";
    MONITORING_FROZEN "monitoring-frozen" 409, "Справка подписана, данные зафиксированы", "The note is signed, the data are frozen", "municipal_head", "Изменения возможны после замены справки.", "Changes are possible once the note is being replaced.";
    // Conclusions, recommendations, notes
    RECOMMENDATION_STATE "recommendation-state" 409, "Состояние рекомендации не допускает этого", "The state of the recommendation does not allow this", "municipal_officer", "Посмотрите actions рекомендации.", "See the recommendation's actions.";
    NOTE_EXISTS "note-exists" 409, "По мониторингу уже есть справка", "The monitoring has a note already", "municipal_officer", "Продолжите работу с существующей или замените её.", "Go on with the existing one, or replace it.";
    NOTE_STATE "note-state" 409, "Состояние справки не допускает этого", "The state of the note does not allow this", "municipal_head", "Посмотрите actions справки.", "See the note's actions.";
    NOTE_NOT_READY "note-not-ready" 409, "Справку пока нельзя подписать", "The note cannot be signed yet", "municipal_officer", "Устраните причины из blocked_by.", "Remove the causes in blocked_by.";
}

/// The type with this slug.
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static ProblemType> {
    ALL.iter().copied().find(|problem| problem.slug == slug)
}
