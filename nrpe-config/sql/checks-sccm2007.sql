-- SPDX-License-Identifier: GPL-3.0-or-later
-- Least rights for the checks: Configuration Manager 2007 (and SMS 2003) on SQL Server 2005 and 2008. Run as a member of
-- sysadmin, with sqlcmd or Management Studio, on the owning site's database server.
-- Put in your own: SMS_CEN (the site database), sms_check, and a password.

USE SMS_CEN
GO

-- A SQL login; the server must allow them (mixed mode).
CREATE LOGIN sms_check WITH PASSWORD = N'CHANGE-THIS', DEFAULT_DATABASE = SMS_CEN
CREATE USER sms_check FOR LOGIN sms_check
GO

-- Or a Windows account instead, then [CORP\svc_monitor] for sms_check below:
-- CREATE LOGIN [CORP\svc_monitor] FROM WINDOWS WITH DEFAULT_DATABASE = SMS_CEN
-- CREATE USER [CORP\svc_monitor] FOR LOGIN [CORP\svc_monitor]
-- GO

-- The product's own role for reading its views: v_Site, v_DistributionPoint, v_Package,
-- v_PackageStatusDistPointsSumm, v_PackageStatusRootSummarizer.
EXEC sp_addrolemember 'smsschm_users', 'sms_check'
GO

-- check_sms_packages also reads two tables, because no view has the versions of the sites.
GRANT SELECT ON PkgStatus TO sms_check
GRANT SELECT ON SMSPackages TO sms_check
GO

-- To take it all back:
-- DROP USER sms_check
-- DROP LOGIN sms_check
